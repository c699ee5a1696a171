import { cancel, remove } from '../../client/index.ts';
import type { Cluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';
import { countedJob, lines } from './counted-job.ts';
import type { Findings } from './findings.ts';
import { readLedger } from './ledger.ts';
import { endOf, submitPlanned } from './planned-run.ts';
import { preemptAsPlanned } from './preempting.ts';

/** Queues of the stories: nobody serves the second. */
export const served = 'served';
export const unserved = 'unserved';

interface Where {
  cluster: Cluster;
  findings: Findings;
}

/** A run that has ended. */
export interface Told {
  id: string;
  workflowId: string;
  /** Temporal was told to delete it, which it does when it finds the time. */
  deleted: boolean;
}

/** A run from its submission to its end, on one of the ways out. */
type Story = (where: Where, key: string) => Promise<Told>;

const endMs = 120_000;

const ending =
  (exit: number, preemptions: number): Story =>
  async ({ cluster, findings }, key) => {
    const plan = { key, queue: served, exit, preemptions, lines: 3, everySeconds: 0.1 };
    const run = await submitPlanned(cluster, plan);
    await preemptAsPlanned(cluster, run, endMs);
    const { outcome, requeues } = await endOf(cluster, run.workflowId, endMs);
    const asPlanned = outcome?.exitCode === exit && requeues === preemptions;
    findings.rule(asPlanned, `run ${run.id} ended with ${JSON.stringify(outcome)} after ${String(requeues)} requeues`);
    return { ...run, deleted: false };
  };

type Way = (where: Where, workflowId: string) => Promise<void>;

const cancelling: Way = async ({ cluster, findings }, workflowId) => {
  await cancel(cluster.relaunch, workflowId, { by: 'soak' });
  const { run, state } = await endOf(cluster, workflowId, endMs);
  findings.rule(state === 'cancelled', `run ${run} was cancelled, and is ${state}`);
};

const terminating: Way = async ({ cluster }, workflowId) => {
  await cluster.relaunch.temporal.workflow.getHandle(workflowId).terminate();
};

const deleting: Way = ({ cluster }, workflowId) => remove(cluster.relaunch, workflowId, { by: 'soak' });

/** While its job runs, which would go on for an hour. */
const whileRunning =
  (way: Way): Story =>
  async (where, key) => {
    const { cluster } = where;
    const { id, workflowId } = await cluster.shell(served, countedJob(cluster, lines(3_600, 1, 0)), {}, { key });
    const started = async (): Promise<boolean> => (await readLedger(cluster)).some(({ run }) => run === id);
    await until(`run ${id} has started`, started, endMs);
    await way(where, workflowId);
    return { id, workflowId, deleted: way === deleting };
  };

const whileQueued =
  (way: Way): Story =>
  async (where, key) => {
    const { id, workflowId } = await where.cluster.shell(unserved, 'true', {}, { key });
    await way(where, workflowId);
    return { id, workflowId, deleted: way === deleting };
  };

const deletedAfterwards: Story = async (where, key) => {
  const ended = await ending(0, 0)(where, key);
  await deleting(where, ended.workflowId);
  return { ...ended, deleted: true };
};

/** Every way out that there is. */
export const stories: Readonly<Record<string, Story>> = {
  succeeds: ending(0, 0),
  fails: ending(7, 0),
  'is preempted': ending(0, 1),
  'is cancelled while running': whileRunning(cancelling),
  'is cancelled while queued': whileQueued(cancelling),
  'is terminated while running': whileRunning(terminating),
  'is terminated while queued': whileQueued(terminating),
  'is deleted while running': whileRunning(deleting),
  'is deleted while queued': whileQueued(deleting),
  'is deleted after its end': deletedAfterwards,
};
