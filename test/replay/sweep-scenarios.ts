import type { WorkflowHandle } from '@temporalio/client';
import { cancelSignal } from '../../contracts/messages.ts';
import { pauseUpdate, progressQuery, resumeUpdate, setNumWorkersUpdate } from '../../contracts/sweep-messages.ts';
import type { SweepSummary } from '../../contracts/sweep-plan.ts';
import type { Script } from '../support/scripted-agent.ts';
import { servedQueue } from '../support/scripted-names.ts';
import { until } from '../support/until.ts';
import { evicted, failed, succeeded } from './outcomes.ts';

/** A sweep to be recorded: what its agent says to it and does for each of its trials, what it is started with, what is asked of it. */
export interface SweepScenario {
  accepted?: Partial<SweepSummary>;
  trials: Script;
  args: unknown[];
  ask?: (handle: WorkflowHandle) => Promise<void>;
}

const grid = (values: number[], more: object = {}): object => ({
  method: 'grid',
  parameters: { lr: { values } },
  launch: { queue: servedQueue, source: { code: { digest: 'a'.repeat(64) } }, entrypoint: ['x', '${args}'] },
  ...more,
});

async function running(handle: WorkflowHandle, count: number): Promise<void> {
  await until(`${String(count)} trials in flight`, async () => (await handle.query(progressQuery)).running === count);
}

async function change(handle: WorkflowHandle): Promise<void> {
  await running(handle, 2);
  await handle.executeUpdate(pauseUpdate);
  await handle.executeUpdate(setNumWorkersUpdate, { args: [4] });
  await handle.executeUpdate(resumeUpdate);
  await running(handle, 4);
  await handle.cancel();
}

const carried = {
  plan: { sweep: 'sweep-resumed', numWorkers: 2, maxWorkers: 4, source: { code: { digest: 'b'.repeat(64) } } },
  numWorkers: 2,
  paused: false,
  tally: { next: 2, drawn: 2, failed: 1, succeeded: 1, rerun: [0], reruns: 1 },
};

/** The ways that a sweep can go, one each. No name begins another. */
export const sweepScenarios: Readonly<Record<string, SweepScenario>> = {
  'sweep-ended': {
    trials: { attempts: [evicted, succeeded], observes: true },
    args: [grid([1, 2, 3, 4], { metric: { name: 'loss' } })],
  },
  'sweep-failed': { trials: { attempts: [failed] }, args: [grid([1, 2, 3, 4], { maxFailures: 1 })] },
  'sweep-cancelled': {
    trials: { attempts: ['hold'], observes: true },
    args: [grid([1, 2, 3])],
    ask: async (handle) => {
      await running(handle, 2);
      await handle.signal(cancelSignal, { by: 'ada' });
    },
  },
  'sweep-changed': { trials: { attempts: ['hold'] }, args: [grid([1, 2, 3, 4, 5])], ask: change },
  'sweep-resumed': { trials: { attempts: [succeeded] }, args: [grid([1, 2, 3, 4]), carried] },
  'sweep-rejected': { trials: { attempts: [] }, args: [{ method: 'bayes' }] },
};
