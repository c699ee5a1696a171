import { createProcessBackend } from '../../activities/backends/process/process-backend.ts';
import { never, type AttemptOptions } from './backend-harness.ts';
import { attemptOf, baseEnv } from './process-attempts.ts';

/** What process-submitter.ts is told, as JSON in its first argument. */
export interface SubmitterOptions {
  home: string;
  attempt: AttemptOptions;
  /** Where it kills itself. */
  dieAt?: string;
}

/** A process that submits an attempt and ends: an agent, for as long as a submit takes. */
const { home, attempt, dieAt } = JSON.parse(process.argv[2] ?? '') as SubmitterOptions;
const backend = createProcessBackend({
  home,
  baseEnv,
  node: 'test-host',
  reached: (point) => {
    if (point === dieAt) process.kill(process.pid, 'SIGKILL');
  },
});
await backend.submit(attemptOf(attempt), never);
