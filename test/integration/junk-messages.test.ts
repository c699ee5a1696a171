import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { result } from '../../client/index.ts';
import { statusQuery } from '../../contracts/messages.ts';
import { Cluster } from '../support/cluster.ts';
import { junkArguments, unknownNames } from '../support/junk.ts';
import { failedTasks, signalRaw } from '../support/raw-workflow.ts';
import { until } from '../support/until.ts';

let cluster: Cluster;
/** Started while no control worker ran: their first task finds all that was sent meanwhile. */
let early: WorkflowHandle;
let cancelledEarly: WorkflowHandle;

const junk = Object.entries(junkArguments);

beforeAll(async () => {
  cluster = await Cluster.start({ laptop: { gracePeriod: '2s' }, unserved: {} }, { control: false });
  const { temporal } = cluster.relaunch;
  early = handleOf(await cluster.shell('laptop', 'true'));
  for (const [, payloads] of junk) {
    for (const name of ['observed', 'preempt', '__proto__'])
      await signalRaw(temporal, early.workflowId, name, payloads);
  }
  cancelledEarly = handleOf(await cluster.shell('laptop', 'true'));
  await signalRaw(temporal, cancelledEarly.workflowId, 'cancel', junkArguments['broken JSON'] ?? []);
  await cluster.control();
  await cluster.agent('one', ['laptop'], 50);
}, 120_000);

afterAll(() => cluster.stop());

const handleOf = ({ workflowId }: { workflowId: string }): WorkflowHandle =>
  cluster.relaunch.temporal.workflow.getHandle(workflowId);

/** A run whose job goes on until it is told. */
async function running(name: string, more: object = {}): Promise<{ handle: WorkflowHandle; finish(): Promise<void> }> {
  const done = join(cluster.home, `done-${name}`);
  const handle = handleOf(await cluster.shell('laptop', `until [ -e ${done} ]; do sleep 0.1; done`, more));
  await until(`${name} runs`, async () => (await handle.query(statusQuery)).state === 'running');
  return { handle, finish: () => writeFile(done, '') };
}

test.concurrent('a thousand junk signals change nothing about a run', { timeout: 120_000 }, async () => {
  const { handle, finish } = await running('signals');
  const { temporal } = cluster.relaunch;
  const pairs = ['observed', ...unknownNames].flatMap((name) => junk.map(([, payloads]) => ({ name, payloads })));
  const thousand = Array.from({ length: Math.ceil(1_000 / pairs.length) }, () => pairs).flat();
  for (let at = 0; at < thousand.length; at += 50) {
    const batch = thousand.slice(at, at + 50);
    await Promise.all(batch.map(({ name, payloads }) => signalRaw(temporal, handle.workflowId, name, payloads)));
  }
  expect((await handle.query(statusQuery)).state).toBe('running');
  await finish();
  expect(await result(cluster.relaunch, handle.workflowId)).toMatchObject({
    state: 'succeeded',
    requeues: 0,
    attempts: [{ attempt: 1, outcome: { exitCode: 0 } }],
  });
  const { events } = await handle.fetchHistory();
  expect(
    events?.filter((event) => event.workflowExecutionSignaledEventAttributes != null).length,
  ).toBeGreaterThanOrEqual(1_000);
  expect(await failedTasks(handle)).toEqual([]);
});

test.concurrent('nor do those that came before its first task, and a cancel among them holds', async () => {
  expect(await result(cluster.relaunch, early.workflowId)).toMatchObject({ state: 'succeeded', requeues: 0 });
  expect((await result(cluster.relaunch, cancelledEarly.workflowId)).state).toBe('cancelled');
  for (const handle of [early, cancelledEarly]) expect(await failedTasks(handle)).toEqual([]);
});

test.concurrent('a signal without a name is refused by the server', async () => {
  const { workflowId } = handleOf(await cluster.shell('unserved', 'true'));
  await expect(signalRaw(cluster.relaunch.temporal, workflowId, '', [])).rejects.toThrow(/SignalName/i);
});

test.concurrent.each(junk)('a cancel with %s cancels', { timeout: 60_000 }, async (_, payloads) => {
  const { temporal } = cluster.relaunch;
  const waiting = handleOf(await cluster.shell('unserved', 'true'));
  const job = handleOf(await cluster.shell('laptop', 'exec sleep 300'));
  await until(`the run has begun`, async () => (await job.query(statusQuery)).state !== 'queued');
  for (const handle of [waiting, job]) await signalRaw(temporal, handle.workflowId, 'cancel', payloads);
  for (const handle of [waiting, job]) {
    expect((await result(cluster.relaunch, handle.workflowId)).state).toBe('cancelled');
  }
  for (const handle of [waiting, job]) expect(await failedTasks(handle)).toEqual([]);
});

test.concurrent('an undecodable preempt gives the machine back, once', async () => {
  const { handle, finish } = await running('preempt');
  await signalRaw(cluster.relaunch.temporal, handle.workflowId, 'preempt', junkArguments['broken JSON'] ?? []);
  await until('the second attempt', async () => (await handle.query(statusQuery)).attempts.length === 2);
  await finish();
  expect(await result(cluster.relaunch, handle.workflowId)).toMatchObject({ state: 'succeeded', requeues: 1 });
  expect(await failedTasks(handle)).toEqual([]);
});

test.concurrent('a run that was preempted once too often by half a character says so', async () => {
  const { handle } = await running('limit', { requeue: { max: 0 } });
  await signalRaw(cluster.relaunch.temporal, handle.workflowId, 'preempt', junkArguments['half a character'] ?? []);
  expect((await result(cluster.relaunch, handle.workflowId)).failure?.type).toBe('PreemptionLimitReached');
  expect(await failedTasks(handle)).toEqual([]);
});

test.concurrent(
  'junk updates are refused, junk queries fail, and status answers whatever it is asked with',
  async () => {
    const { handle, finish } = await running('updates', { timeouts: { run: '1h' } });
    const { workflowService, options } = cluster.relaunch.temporal;
    const target = { namespace: options.namespace, workflowExecution: { workflowId: handle.workflowId } };
    for (const [, payloads] of junk) {
      for (const name of ['extendRunTimeout', '__proto__', 'nobody-knows-this']) {
        const { outcome } = await workflowService.updateWorkflowExecution({
          ...target,
          request: { meta: { updateId: randomUUID() }, input: { name, args: { payloads } } },
          waitPolicy: { lifecycleStage: 3 },
        });
        expect(outcome?.failure?.message).toBeTruthy();
      }
      const { queryResult } = await workflowService.queryWorkflow({
        ...target,
        execution: target.workflowExecution,
        query: { queryType: 'status', queryArgs: { payloads } },
      });
      expect(queryResult?.payloads).toHaveLength(1);
    }
    for (const name of unknownNames.filter((each) => !each.startsWith('__'))) {
      await expect(handle.query(name)).rejects.toThrow(/did not register a handler|not register/);
    }
    await finish();
    expect((await result(cluster.relaunch, handle.workflowId)).state).toBe('succeeded');
    expect(await failedTasks(handle)).toEqual([]);
  },
);

test.concurrent('a run time-out extended beyond all measure still lets the run end', async () => {
  const { handle, finish } = await running('extended', { timeouts: { run: '1h' } });
  const extend = (byMs: number) => handle.executeUpdate('extendRunTimeout', { args: [{ byMs }] }).catch(() => 0);
  for (const byMs of [1e12, 1e13, 1e15, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]) await extend(byMs);
  await finish();
  expect((await result(cluster.relaunch, handle.workflowId)).state).toBe('succeeded');
  expect(await failedTasks(handle)).toEqual([]);
});
