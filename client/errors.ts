/** What kept the client from doing what it was asked: nothing of it says how a run went. */
export type ClientErrorCode =
  | 'bad-input'
  | 'job-not-found'
  | 'key-missing'
  | 'queue-changed'
  | 'queue-exists'
  | 'queue-in-use'
  | 'run-ended'
  | 'run-not-found'
  | 'run-terminated'
  | 'temporal-refused'
  | 'temporal-unreachable';

/** A request that could not be carried out, with a sentence that says what to do. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** What was asked for; undefined where it cannot be had for one of these reasons. */
export async function unless<T>(codes: readonly ClientErrorCode[], asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ClientError && codes.includes(error.code)) return undefined;
    throw error;
  }
}
