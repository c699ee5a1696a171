import { expect } from 'vitest';
import { RelaunchError, type FailureType } from '../../contracts/failures.ts';

/** Matches a RelaunchError of a type. */
export const failsAs = (type: FailureType): unknown =>
  expect.objectContaining({ name: new RelaunchError(type, '').name, type }) as unknown;
