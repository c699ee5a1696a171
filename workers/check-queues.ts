import type { Backend } from '../activities/backends/backend.ts';
import { RelaunchError } from '../contracts/failures.ts';
import { sampleValues, substitute } from '../contracts/queue-variables.ts';
import { readQueue } from '../store/queues.ts';
import type { Store } from '../store/store.ts';

/** Whether these queues can be served with these backends. @throws RelaunchError LaunchRejected; BackendUnavailable */
export async function checkQueues(
  store: Store,
  queues: readonly string[],
  backends: readonly Backend[],
): Promise<void> {
  for (const queue of queues) {
    const { backend: name, resourceArgs, variables } = await readQueue(store, queue);
    const backend = backends.find((one) => one.name === name);
    if (backend === undefined) {
      const known = backends.map((one) => one.name).join(', ');
      throw new RelaunchError('LaunchRejected', `queue "${queue}": backend "${name}" is not known here, only ${known}`);
    }
    const { values, areSure } = sampleValues(variables);
    const args = substitute(resourceArgs[name] ?? {}, values);
    const problems = backend.checkResourceArgs(args);
    if (problems.length > 0 && areSure)
      throw new RelaunchError('LaunchRejected', `queue "${queue}": ${problems.join('; ')}`);
    // With values that may be wrong only each run can tell.
    await backend.check(problems.length > 0 ? {} : args, AbortSignal.timeout(30_000));
  }
}
