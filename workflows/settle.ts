import { condition } from '@temporalio/workflow';

/** A promise that can be looked at: `result` is undefined while it is pending. */
export interface Settling<T> {
  result: { ok: true; value: T } | { ok: false; error: unknown } | undefined;
  /** Never rejects. */
  settled: Promise<void>;
}

/** Starts watching a promise, so that a workflow can wait for it or for something else. */
export function settle<T>(promise: Promise<T>): Settling<T> {
  const settling: Settling<T> = {
    result: undefined,
    settled: promise.then(
      (value) => {
        settling.result = { ok: true, value };
      },
      (error: unknown) => {
        settling.result = { ok: false, error };
      },
    ),
  };
  return settling;
}

/** Waits for the promise, but no longer than until `other` holds. A condition on both would cost each settling another round of the workflow. */
export async function settledOr(settling: Settling<unknown>, other: () => boolean): Promise<void> {
  await Promise.race([settling.settled, condition(other)]);
}
