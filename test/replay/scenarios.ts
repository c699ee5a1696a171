import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { cancelSignal, extendRunTimeoutUpdate, preemptSignal, statusQuery } from '../../contracts/messages.ts';
import type { RunState } from '../../contracts/run-result.ts';
import type { Script } from '../support/scripted-agent.ts';
import { until } from '../support/until.ts';
import { evicted, failed, neverStarted, succeeded } from './outcomes.ts';

/** A run to be recorded: what its agent does, what it is started with, and what is asked of it on its way. */
export interface Scenario extends Script {
  /** Default: a good one. */
  input?: unknown;
  ask?: (handle: WorkflowHandle) => Promise<void>;
}

const inState =
  (state: RunState, ask: (handle: WorkflowHandle) => Promise<unknown>) => async (handle: WorkflowHandle) => {
    await until(`a run that is ${state}`, async () => {
      const status = await handle.query(statusQuery);
      return status.state === state && status.attempts.length > 0;
    });
    await ask(handle);
  };

const whileBuilding = (ask: (handle: WorkflowHandle) => Promise<void>) => async (handle: WorkflowHandle) => {
  await until('a build', async () => (await handle.query(statusQuery)).state === 'building');
  await ask(handle);
};

const cancel = (handle: WorkflowHandle): Promise<void> =>
  handle.signal(cancelSignal, { by: 'ada', reason: 'wrong data' });

async function extendThenCancel(handle: WorkflowHandle): Promise<void> {
  await handle.executeUpdate(extendRunTimeoutUpdate, { args: [{ byMs: 1_000 }] });
  await cancel(handle);
}

/** The ways that a run can go, one each. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  success: { attempts: [succeeded], observes: true },
  'two-preemptions': { attempts: [evicted, evicted, succeeded], observes: true },
  'preemption-limit': { attempts: [evicted, evicted], plan: { requeue: { max: 1, on: ['EvictionByEvictionAPI'] } } },
  failure: { attempts: [failed] },
  'failure-after-a-retry': { attempts: [failed, failed], plan: { retries: 1 } },
  'never-started': { attempts: [neverStarted, succeeded] },
  'rejected-input': { attempts: [], input: { queue: '../x' } },
  cancel: { attempts: ['hold'], observes: true, ask: inState('running', cancel) },
  'cancel-by-temporal': { attempts: ['hold'], observes: true, ask: inState('running', (handle) => handle.cancel()) },
  'cancel-while-queued': { attempts: ['never'], ask: inState('queued', cancel) },
  'cancel-while-backing-off': { attempts: [failed, failed], plan: { retries: 5 }, ask: inState('preempted', cancel) },
  'cancel-with-a-silent-await': { attempts: ['silent'], observes: true, ask: inState('running', cancel) },
  preempt: {
    attempts: ['hold', succeeded],
    observes: true,
    ask: inState('running', (handle) => handle.signal(preemptSignal, { by: 'ada' })),
  },
  'image-built': { builds: ['gone', 'pushed'], attempts: [evicted, succeeded], plan: { agentTimeoutMs: 1_000 } },
  'build-failed': { builds: [ApplicationFailure.nonRetryable('no compiler', 'BuildFailed')], attempts: [] },
  'cancel-while-building': { builds: ['hold'], attempts: [], ask: whileBuilding(cancel) },
  'agent-lost': { attempts: ['gone'], plan: { agentTimeoutMs: 1_000 } },
  'agent-lost-and-requeued': {
    attempts: ['gone', succeeded],
    plan: { agentTimeoutMs: 1_000, requeue: { max: 5, on: ['agent-lost'] } },
  },
  'cancel-when-the-agent-is-gone': {
    attempts: ['gone'],
    plan: { agentTimeoutMs: 5_000 },
    ask: inState('starting', cancel),
  },
  'run-time-out': { attempts: ['hold'], observes: true, plan: { timeoutsMs: { queue: 60_000, run: 1_000 } } },
  'run-time-out-extended': {
    attempts: ['hold'],
    observes: true,
    plan: { timeoutsMs: { run: 60_000 } },
    ask: inState('running', extendThenCancel),
  },
  'queue-time-out': { attempts: ['never'], plan: { timeoutsMs: { queue: 1_000 } } },
};
