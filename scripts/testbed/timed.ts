/** Tells a person, who waits for the end, a line. */
export type Say = (line: string) => void;

/** Does `work` and says how long it took, where a person would have noticed. */
export async function timed<T>(say: Say, what: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  const seconds = (performance.now() - startedAt) / 1_000;
  if (seconds > 0.5) say(`${what} (${seconds.toFixed(1)} s)`);
  return result;
}
