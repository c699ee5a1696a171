/** What setTimeout can wait, 24.8 days; it fires at once beyond. */
const longestMs = 2 ** 31 - 1;

/** Calls back after `ms`, however many. Answers how to call it off. */
export function longTimeout(callback: () => void, ms: number): () => void {
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    const stepMs = Math.min(leftMs, longestMs);
    timer = setTimeout(() => {
      if (leftMs > stepMs) wait(leftMs - stepMs);
      else callback();
    }, stepMs);
  };
  wait(ms);
  return () => {
    clearTimeout(timer);
  };
}
