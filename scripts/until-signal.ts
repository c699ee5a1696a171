const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls `onSignal` with how often the process was asked to end: SIGINT, SIGTERM, or SIGHUP as its terminal goes. Returns how to stop listening. */
export function onStopSignals(onSignal: (times: number, signal: NodeJS.Signals) => void): () => void {
  let times = 0;
  const listener = (signal: NodeJS.Signals): void => {
    times++;
    onSignal(times, signal);
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
