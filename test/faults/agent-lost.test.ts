import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancel, result } from '../../client/index.ts';
import { statusQuery } from '../../contracts/messages.ts';
import { Cluster } from '../support/cluster.ts';

let cluster: Cluster;

beforeAll(async () => {
  const quick = { gracePeriod: '2s', agentTimeout: '3s' } as const;
  cluster = await Cluster.start({
    strict: quick,
    trusting: { ...quick, requeue: { on: ['agent-lost'] } },
    left: quick,
  });
}, 120_000);

afterAll(() => cluster.stop());

/** A run whose agent has died for good while it ran. */
async function abandoned(queue: string, job: string): Promise<string> {
  const doomed = await cluster.hookedAgent(`${queue}-1`, [queue], { at: 'await:running', do: 'kill' });
  const { workflowId } = await cluster.shell(queue, job);
  expect(await doomed.exited).toBe('SIGKILL');
  return workflowId;
}

test.concurrent('an agent that never comes back loses the run, in words', { timeout: 120_000 }, async () => {
  const workflowId = await abandoned('strict', 'sleep 90');
  await cluster.agent('strict-2', ['strict'], 1);
  const end = await result(cluster.relaunch, workflowId);
  expect(end).toMatchObject({
    state: 'failed',
    failure: { type: 'JobLost' },
    attempts: [{ outcome: { kind: 'lost', reason: 'agent-lost' } }],
  });
  expect(end.failure?.message).toContain('agent strict-1 did not answer');
});

test.concurrent('where the queue trusts it, the run goes on with another agent', { timeout: 120_000 }, async () => {
  const attempts = join(cluster.home, 'attempts');
  const job = `echo $RELAUNCH_ATTEMPT >> ${attempts}; [ $RELAUNCH_ATTEMPT = 2 ] || sleep 90`;
  const workflowId = await abandoned('trusting', job);
  await cluster.agent('trusting-2', ['trusting'], 1);
  expect(await result(cluster.relaunch, workflowId)).toMatchObject({
    state: 'succeeded',
    requeues: 1,
    attempts: [{ outcome: { kind: 'lost', reason: 'agent-lost' } }, { agent: 'trusting-2' }],
  });
  expect(await readFile(attempts, 'utf8')).toBe('1\n2\n');
});

test.concurrent(
  'a run whose agent is gone can be cancelled, and says what may be left',
  { timeout: 120_000 },
  async () => {
    const workflowId = await abandoned('left', 'sleep 90');
    const handle = cluster.relaunch.temporal.workflow.getHandle(workflowId);
    await expect
      .poll(async () => (await handle.query(statusQuery)).state, { timeout: 10_000 })
      .toMatch(/starting|running/);
    await cancel(cluster.relaunch, workflowId, { by: 'ada' });
    const end = await result(cluster.relaunch, workflowId);
    expect(end).toMatchObject({ state: 'cancelled', attempts: [{ outcome: { kind: 'cancelled', by: 'ada' } }] });
  },
);
