/** An answer of the engine that is none of success: its code and its sentence. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: number;

  constructor(code: number, body: string) {
    super(messageIn(body) ?? `HTTP ${String(code)}`);
    this.code = code;
  }
}

function messageIn(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string' && message.trim() !== '') return message.trim();
  } catch {
    // A proxy's page, or nothing.
  }
  return body.trim().slice(0, 500) || undefined;
}

export const isAnswer = (error: unknown, code: number): error is EngineError =>
  error instanceof EngineError && error.code === code;

/** Whether nobody answered, or the answer broke off: the engine may be there again in a moment. */
export const isAway = (error: unknown): error is Error =>
  error instanceof Error && !(error instanceof EngineError) && ('code' in error || error.name === 'TimeoutError');

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
