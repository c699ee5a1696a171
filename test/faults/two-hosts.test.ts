import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KillPoint } from '../../activities/dependencies.ts';
import { result } from '../../client/index.ts';
import { Cluster } from '../support/cluster.ts';
import { leavingsOf } from '../support/leavings.ts';
import { untilFollowed } from '../support/run-watch.ts';

const queues = {
  created: { gracePeriod: '2s' },
  claimed: { gracePeriod: '2s' },
  forsaken: { gracePeriod: '2s', agentTimeout: '3s' },
} as const;
type Queue = keyof typeof queues;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start(queues);
}, 120_000);

afterAll(() => cluster.stop());

const hostOf = (agent: string): string => `host-of-${agent}`;

const agent = (name: string, queue: Queue) => cluster.agent(name, [queue], 1, hostOf(name));

/** The first of two agents dies in its submit; the second, on another host, takes it from there. Answers the run. */
async function submitHandedOver(queue: Queue, at: KillPoint, job: string): Promise<{ id: string; workflowId: string }> {
  const first = `${queue}-1`;
  const doomed = await cluster.hookedAgent(first, [queue], { at, do: 'kill' }, { host: hostOf(first) });
  const run = await cluster.shell(queue, `echo "$RELAUNCH_ATTEMPT" >> ${startsOf(queue)}; ${job}`);
  expect(await doomed.exited).toBe('SIGKILL');
  expect(await cluster.reached(first, at)).toBe(1);
  await agent(`${queue}-2`, queue);
  expect(await untilFollowed(cluster, run.workflowId)).toBe(first);
  return run;
}

const startsOf = (queue: Queue): string => join(cluster.home, `starts-${queue}`);

async function expectNothingLeft(queue: Queue, run: string): Promise<void> {
  for (const name of [`${queue}-1`, `${queue}-2`]) {
    expect(await leavingsOf(join(cluster.home, hostOf(name)), run)).toEqual([]);
  }
}

test.concurrent(
  'a job whose agent died before it could say so is not started by another host, but adopted',
  { timeout: 120_000 },
  async () => {
    const { id, workflowId } = await submitHandedOver('created', 'submit:after-create', 'sleep 2');
    await agent('created-1', 'created');
    const end = await result(cluster.relaunch, workflowId);
    expect(end).toMatchObject({ state: 'succeeded', requeues: 0, attempts: [{ attempt: 1, agent: 'created-1' }] });
    expect(end.attempts).toHaveLength(1);
    expect(await readFile(startsOf('created'), 'utf8')).toBe('1\n');
    await expectNothingLeft('created', id);
  },
);

test.concurrent(
  'an agent that never comes back to what it started loses the run, and no other host starts it again',
  { timeout: 120_000 },
  async () => {
    const { workflowId } = await submitHandedOver('forsaken', 'submit:after-create', 'sleep 90');
    const end = await result(cluster.relaunch, workflowId);
    expect(end).toMatchObject({
      state: 'failed',
      failure: { type: 'JobLost' },
      attempts: [{ outcome: { kind: 'lost', reason: 'agent-lost' } }],
    });
    expect(end.failure?.message).toContain('agent forsaken-1 did not answer');
    expect(await readFile(startsOf('forsaken'), 'utf8')).toBe('1\n');
  },
);

test.concurrent(
  'what an agent had claimed but not started when it died is tried again, and not counted',
  { timeout: 120_000 },
  async () => {
    const { id, workflowId } = await submitHandedOver('claimed', 'submit:after-claim', 'true');
    await agent('claimed-1', 'claimed');
    expect(await result(cluster.relaunch, workflowId)).toMatchObject({
      state: 'succeeded',
      requeues: 0,
      attempts: [
        { agent: 'claimed-1', outcome: { kind: 'lost', reason: 'never-started' } },
        { outcome: { kind: 'succeeded' } },
      ],
    });
    expect(await readFile(startsOf('claimed'), 'utf8')).toBe('2\n');
    await expectNothingLeft('claimed', id);
  },
);
