import { readFileSync } from 'node:fs';
import type { BuilderSpec } from '../../contracts/builder-spec.ts';

/** The certificates that pip is to trust, in place of their path: an agent that cannot read them does not start. */
export const certificatesOf = ({ caBundle }: Pick<BuilderSpec, 'caBundle'>): { caBundle?: string } =>
  caBundle === undefined ? {} : { caBundle: readFileSync(caBundle, 'utf8') };
