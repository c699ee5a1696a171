import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KillPoint } from '../../activities/dependencies.ts';
import { logs, result } from '../../client/index.ts';
import { Cluster } from '../support/cluster.ts';

const points: KillPoint[] = [
  'resolve:after-plan',
  'submit:before-claim',
  'submit:after-claim',
  'submit:after-create',
  'await:running',
  'await:before-record',
  'await:after-record',
  'await:after-release',
];

/** Each point has a queue and an agent of its own, so that all can wait for their time-outs together. */
const nameOf = (point: KillPoint): string => point.replace(':', '-');

let cluster: Cluster;

beforeAll(async () => {
  const queues = [...points.map(nameOf), 'unattended'];
  cluster = await Cluster.start(Object.fromEntries(queues.map((queue) => [queue, { gracePeriod: '2s' }])));
}, 120_000);

afterAll(() => cluster.stop());

test.concurrent.each(points)(
  'an agent killed at %s: one attempt, one process, complete logs',
  { timeout: 120_000 },
  async (point) => {
    const name = nameOf(point);
    const doomed = await cluster.hookedAgent(name, [name], { at: point, do: 'kill' });
    const pids = join(cluster.home, `pids-${name}`);
    const job = `echo $$ >> ${pids}; for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i; sleep 0.2; done`;
    const run = await cluster.shell(name, job);
    expect(await doomed.exited).toBe('SIGKILL');
    expect(await cluster.reached(name)).toBe(1);

    const next = await cluster.agent(name, [name], 1);
    const end = await result(cluster.relaunch, run.workflowId);
    expect(end).toMatchObject({ state: 'succeeded', requeues: 0, outcome: { kind: 'succeeded', exitCode: 0 } });
    expect(end.attempts).toHaveLength(1);
    expect((await readFile(pids, 'utf8')).trim().split('\n')).toHaveLength(1);
    const lines: string[] = [];
    for await (const { line } of logs(cluster.relaunch, run.workflowId)) lines.push(line.m);
    expect(lines).toEqual(Array.from({ length: 10 }, (_, i) => `line ${String(i + 1)}`));
    next.child.kill('SIGTERM');
    expect(await next.exited).toBe(0);
  },
);

test.concurrent('a job that ends while no agent is alive keeps its exit code', { timeout: 120_000 }, async () => {
  const doomed = await cluster.hookedAgent('unattended', ['unattended'], { at: 'await:running', do: 'kill' });
  const over = join(cluster.home, 'over');
  const run = await cluster.shell('unattended', `sleep 1.5; touch ${over}; exit 7`);
  expect(await doomed.exited).toBe('SIGKILL');
  const isOver = (): Promise<boolean> =>
    access(over).then(
      () => true,
      () => false,
    );
  await expect.poll(isOver, { timeout: 30_000 }).toBe(true);
  await cluster.agent('unattended', ['unattended'], 1);
  expect(await result(cluster.relaunch, run.workflowId)).toMatchObject({ state: 'failed', outcome: { exitCode: 7 } });
});
