import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import { cancelSignal, launchWorkflowType, preemptSignal } from '../../contracts/messages.ts';
import { runResult } from '../../contracts/run-result.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { servedQueue, unservedQueue } from '../support/scripted-names.ts';
import {
  canceled,
  evicted,
  failureOf,
  ScriptedLaunches,
  spec,
  succeeded,
  until,
} from '../support/scripted-launches.ts';

const launches = new ScriptedLaunches();

test.each([
  ['queued', unservedQueue, [], [{ as: 'cancelled', by: 'ada', reason: 'wrong data' }]],
  ['starting', servedQueue, ['hold'], []],
] as const)(
  'cancel while %s closes the workflow as Canceled, with who and why',
  async (state, queue, attempts, releases) => {
    const handle = await launches.start({ attempts: [...attempts] }, spec(queue));
    await until(handle, state);
    await handle.signal(cancelSignal, { by: 'ada', reason: 'wrong data' });
    const result = await canceled(handle);
    expect(result).toMatchObject({
      state: 'cancelled',
      outcome: { kind: 'cancelled', by: 'ada', reason: 'wrong data' },
    });
    expect(launches.heard(handle).releases).toMatchObject(releases);
  },
);

test('cancel while running, by signal and by Temporal itself', async () => {
  for (const cancel of [(h: WorkflowHandle) => h.signal(cancelSignal), (h: WorkflowHandle) => h.cancel()]) {
    const handle = await launches.start({ attempts: ['hold'], observes: true });
    await until(handle, 'running');
    await cancel(handle);
    expect(await canceled(handle)).toMatchObject({
      state: 'cancelled',
      attempts: [{ outcome: { kind: 'cancelled' } }],
    });
    expect(launches.heard(handle).stops).toHaveLength(1);
  }
});

test('cancel while backing off: no further attempt', async () => {
  const handle = await launches.start({ attempts: [evicted, evicted, succeeded] });
  // Nobody waits for the result yet, so time is not skipped and the second back-off takes its 5 s.
  await until(handle, 'preempted');
  await handle.signal(cancelSignal, {});
  expect(await canceled(handle)).toMatchObject({ requeues: 2, attempts: [{}, {}] });
  expect(launches.heard(handle).submits).toEqual([1, 2]);
});

test('cancel before the first task', async () => {
  const workflowId = launches.scripted({ attempts: [] });
  const handle = await launches.env.client.workflow.signalWithStart(launchWorkflowType, {
    workflowId,
    taskQueue: controlTaskQueue,
    args: [spec(servedQueue)],
    signal: cancelSignal,
    signalArgs: [{ by: 'ada' }],
  });
  expect(await canceled(handle)).toMatchObject({ state: 'cancelled', attempts: [] });
  expect(launches.heard({ workflowId }).submits).toEqual([]);
});

test('preempt gives the machine back and counts as a requeue, whatever the policy names', async () => {
  const handle = await launches.start({
    attempts: ['hold', succeeded],
    observes: true,
    plan: { requeue: { max: 1, on: [] } },
  });
  await until(handle, 'running');
  await handle.signal(preemptSignal, { by: 'ada', reason: 'needs the GPU' });
  const result = runResult.parse(await handle.result());
  expect(result).toMatchObject({
    requeues: 1,
    attempts: [{ outcome: { kind: 'preempted', reason: 'requested', by: 'ada' } }, { outcome: { kind: 'succeeded' } }],
  });
});

test('a preempt while queued is no preemption of what comes later', async () => {
  const handle = await launches.start({ attempts: [] }, spec(unservedQueue));
  await until(handle, 'queued');
  await handle.signal(preemptSignal, {});
  await handle.signal(cancelSignal, {});
  expect(await canceled(handle)).toMatchObject({ requeues: 0, attempts: [{ outcome: { kind: 'cancelled' } }] });
});

test.each([
  ['no argument', []],
  ['not an object', [17]],
  ['no queue', [{ entrypoint: ['a'] }]],
  ['a queue that is no name', [spec('../x')]],
])('junk as input (%s) is refused in words, not wedged', async (_, args) => {
  const handle = await launches.startWith(args, { attempts: [] });
  expect(await failureOf(handle)).toMatchObject({ type: 'LaunchRejected' });
});

test('junk signals do not wedge a run', async () => {
  const handle = await launches.start({ attempts: ['hold', succeeded], observes: true });
  for (const name of ['observed', 'preempt', 'nobody-knows-this']) {
    for (const junk of [undefined, null, 'x', 7, { attempt: 'x' }, [[]]]) {
      if (name !== 'preempt') await handle.signal(name, junk);
    }
  }
  await until(handle, 'running');
  await handle.signal('preempt', 'x');
  expect(runResult.parse(await handle.result())).toMatchObject({ state: 'succeeded', requeues: 1 });
});
