/** A worker process' part that runs until it is stopped. */
export interface RunningWorker {
  /** Resolves when it has stopped; rejects if it failed. */
  readonly stopped: Promise<void>;
  /** Takes no new attempts any more; what goes on is followed to its end. */
  drain(): void;
  /** Stops polling and hands back what it follows; runs go on. Within 10 s. */
  stop(): void;
}
