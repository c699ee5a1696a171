import { expect } from 'vitest';
import { RelaunchError, type FailureType } from '../../contracts/failures.ts';

/** Matches a RelaunchError of a type, that says something like `message`. */
export const failsAs = (type: FailureType, message = /(?:)/): unknown =>
  expect.objectContaining({
    name: new RelaunchError(type, '').name,
    type,
    message: expect.stringMatching(message) as string,
  }) as unknown;
