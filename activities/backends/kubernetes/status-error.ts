/** An answer of the API server that is none of success: its own code, reason and sentence. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;
  /** Kubernetes' word: `AlreadyExists`, `NotFound`, `Invalid`. */
  readonly reason: string;
  /** What it is about: `pods`; `pods/log` where a kubelet says so. */
  readonly kind: string | undefined;
  /** Kubernetes' words for what is behind it: `NamespaceTerminating`, `DisruptionBudget`. */
  readonly causes: readonly string[];
  /** When it may be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(code: number, body: string, retryAfter?: string) {
    const status = parse(body);
    super(status.message ?? (body.trim().slice(0, 500) || `HTTP ${String(code)}`));
    this.code = code;
    this.reason = status.reason ?? '';
    this.kind = status.details?.kind;
    this.causes = (status.details?.causes ?? []).flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
    const seconds = Number(retryAfter ?? Number.NaN);
    this.retryAfterMs = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  }
}

interface Status {
  message?: string;
  reason?: string;
  details?: { kind?: string; causes?: { reason?: string }[] };
}

function parse(body: string): Status {
  try {
    const value: unknown = JSON.parse(body);
    return value !== null && typeof value === 'object' ? value : {};
  } catch {
    return {};
  }
}

export const isStatus = (error: unknown, code: number): error is StatusError =>
  error instanceof StatusError && error.code === code;

/** Whether asking again may help: the server is overloaded, away, or shutting down, or the network is. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof StatusError)) return isNetworkError(error);
  return error.code === 429 || error.code >= 500 || error.code === 401;
}

const isNetworkError = (error: unknown): error is Error =>
  error instanceof Error && ('code' in error || error.name === 'TimeoutError') && !(error instanceof StatusError);
