import type { AttemptOutcome } from '../../contracts/outcome.ts';

/** How attempts of recorded runs end. */

const at = new Date(0).toISOString();
export const succeeded: AttemptOutcome = { kind: 'succeeded', exitCode: 0, at };
export const evicted: AttemptOutcome = { kind: 'preempted', reason: 'EvictionByEvictionAPI', by: 'cluster', at };
export const failed: AttemptOutcome = { kind: 'failed', cause: 'exit-code', exitCode: 3, at };
export const neverStarted: AttemptOutcome = { kind: 'lost', reason: 'never-started', at };
