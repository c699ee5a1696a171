/** The values of several generators as they come. Ends when all have ended; when it is left, so are they. */
export async function* merge<T>(...sources: AsyncGenerator<T, void>[]): AsyncGenerator<T, void> {
  const pending = new Map(sources.map((source) => [source, next(source)]));
  try {
    while (pending.size > 0) {
      const { source, result } = await Promise.race(pending.values());
      if (result.done === true) pending.delete(source);
      else {
        pending.set(source, next(source));
        yield result.value;
      }
    }
  } finally {
    for (const waiting of pending.values()) waiting.catch(() => undefined);
    // Not awaited: a generator that waits for its next value would only answer when that comes.
    for (const source of pending.keys()) void source.return().catch(() => undefined);
  }
}

async function next<T>(source: AsyncGenerator<T, void>) {
  return { source, result: await source.next() };
}
