import { RelaunchError } from '../../contracts/failures.ts';

/** What keeps a testbed from coming up, as a sentence that says what to do. */
export function unavailable(message: string, cause?: unknown): RelaunchError {
  return new RelaunchError('BackendUnavailable', message, { cause });
}
