/** A promise that can be looked at: undefined while it is pending. Never rejects by itself. */
export interface Settling<T> {
  result: { ok: true; value: T } | { ok: false; error: unknown } | undefined;
}

/** Starts watching a promise, so that a workflow can wait for it or for something else with one `condition`. */
export function settle<T>(promise: Promise<T>): Settling<T> {
  const settling: Settling<T> = { result: undefined };
  promise.then(
    (value) => {
      settling.result = { ok: true, value };
    },
    (error: unknown) => {
      settling.result = { ok: false, error };
    },
  );
  return settling;
}
