import { RelaunchError } from '../contracts/failures.ts';
import { fieldIssue, formatIssues } from '../contracts/issues.ts';
import type { LaunchSpec } from '../contracts/launch-spec.ts';
import { mergeLimits, type Limits } from '../contracts/merge.ts';
import type { QueueSpec } from '../contracts/queue-spec.ts';
import { queueOfTaskQueue } from '../contracts/task-queues.ts';
import { keyOf } from '../store/layout.ts';
import { readQueue } from '../store/queues.ts';
import type { Store } from '../store/store.ts';
import type { AgentDependencies } from './dependencies.ts';

/** A launch that its queue allows. */
export interface CheckedLaunch {
  queue: QueueSpec;
  limits: Limits;
  /** Of its code, which is in the store. */
  digest: string;
}

/** @throws RelaunchError LaunchRejected where this is an agent of another queue */
export function checkAgent({ queue }: Pick<LaunchSpec, 'queue'>, taskQueue: string): void {
  if (queueOfTaskQueue(taskQueue) === queue) return;
  throw rejected(`queue is "${queue}", but this is an agent of ${taskQueue}`);
}

/** Checks a launch against its queue as it is now, and that its source is there. @throws RelaunchError LaunchRejected with every reason */
export async function checkLaunch(
  { store, backends }: Pick<AgentDependencies, 'store' | 'backends'>,
  spec: LaunchSpec,
): Promise<CheckedLaunch> {
  const queue = await readQueue(store, spec.queue);
  if (!backends.some(({ name }) => name === queue.backend)) {
    throw rejected(`queue "${spec.queue}" is for backend "${queue.backend}", which this agent does not have`);
  }
  const { limits, issues } = mergeLimits(spec, queue);
  const digest = spec.source.code.digest;
  if (digest === undefined) {
    issues.push(
      fieldIssue(
        ['source', 'code', 'digest'],
        spec,
        'packed by the client: submit with `relaunch launch`, `relaunch sweep` or the typed client',
      ),
    );
  }
  if (issues.length > 0 || digest === undefined) throw rejected(formatIssues(issues));
  await checkCode(store, digest);
  return { queue, limits, digest };
}

async function checkCode(store: Store, digest: string): Promise<void> {
  if (await store.has(keyOf.code(digest))) return;
  throw rejected(
    `source.code.digest is ${digest}: ${keyOf.code(digest)} is not in ${store.url}; submit again, with the store that the agents use`,
  );
}

export const rejected = (message: string): RelaunchError => new RelaunchError('LaunchRejected', message);
