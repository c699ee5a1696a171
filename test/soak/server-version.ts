import { execFileSync } from 'node:child_process';
import { temporalCli } from '../../scripts/temporal-binaries.ts';

/** What the development server says of itself. */
export async function serverVersion(): Promise<string> {
  return execFileSync(await temporalCli(), ['--version'], { encoding: 'utf8' }).trim();
}
