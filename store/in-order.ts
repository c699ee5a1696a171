/** Enough that a store that is far, at 50 ms a request, is not waited for, and few enough for one that is near. */
const atOnce = 16;

/**
 * What `work` makes of each item, in their order, while it is at work on the next ones. What was begun when one fails, or when nobody wants
 * more, ends unheard.
 */
export async function* inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): AsyncGenerator<R, void> {
  const begun: Promise<R>[] = [];
  for (const item of items) {
    const result = work(item);
    result.catch(() => undefined);
    begun.push(result);
    if (begun.length < atOnce) continue;
    const [first] = begun.splice(0, 1);
    if (first !== undefined) yield await first;
  }
  for (const each of begun) yield await each;
}
