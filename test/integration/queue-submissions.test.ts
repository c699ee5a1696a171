import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createQueue, deleteQueue, list, result, submit } from '../../client/index.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { plan as planSchema } from '../../contracts/plan.ts';
import { packDirectory, uploadArchive } from '../../store/archive.ts';
import { keyOf } from '../../store/layout.ts';
import { readRecord } from '../../store/records.ts';
import { Cluster, saying } from '../support/cluster.ts';
import { runCommand } from '../support/run-command.ts';
import { until } from '../support/until.ts';
import { queues, submissions, type Expected } from '../support/submissions.ts';

let cluster: Cluster;
let code: { digest: string };

beforeAll(async () => {
  cluster = await Cluster.start(queues);
  const packed = await packDirectory(join(cluster.home, 'code'));
  code = { digest: packed.digest };
  await uploadArchive(cluster.relaunch.store, packed);
  const agent = fileURLToPath(new URL('../support/table-agent.ts', import.meta.url));
  await saying(cluster.program(agent), 'agent serves');
}, 120_000);
afterAll(() => cluster.stop());

/** A submission as a launch spec. */
function launchOf(i: number): LaunchSpecInput {
  const [, queue = '', said = {}] = submissions[i] ?? [];
  const isCode = queues[queue]?.backend === 'process';
  return {
    ...{ queue, user: 'ada' },
    source: isCode ? { code } : { image: 'localhost:1/train:v1' },
    ...(isCode ? { entrypoint: ['python', 'train.py'] } : {}),
    ...said,
  };
}

/** A way to submit: the run's workflow, or why there is none. */
type Way = (i: number) => Promise<{ workflowId: string } | { refused: string }>;

const ways: Record<string, Way> = {
  'the typed client': async (i) => {
    try {
      return await submit(cluster.relaunch, launchOf(i));
    } catch (error) {
      return { refused: (error as Error).message };
    }
  },
  // What has a flag, by its flag.
  'the command': async (i) => {
    const { variables = {}, resources = {}, resourceArgs, ...rest } = launchOf(i);
    const file = join(cluster.home, `launch-${String(i)}.json`);
    await writeFile(file, JSON.stringify(rest));
    const flags = [
      ...Object.entries(variables).map(([name, value]) => `--var=${name}=${String(value)}`),
      ...Object.entries(resources).map(([name, value]) => `--${name}=${String(value)}`),
      ...(resourceArgs === undefined ? [] : ['-R', JSON.stringify(resourceArgs)]),
    ];
    const { out, err, code: exit } = await runCommand(['launch', '--json', '-f', file, ...flags], { env: cluster.env });
    return exit === 0 ? (JSON.parse(out) as { workflowId: string }) : { refused: err.replaceAll('\n  ', '\n') };
  },
  'a bare Temporal client': async (i) => {
    const workflowId = `bare-${String(i)}`;
    await cluster.relaunch.temporal.workflow.start('launch', {
      workflowId,
      taskQueue: 'relaunch',
      args: [launchOf(i)],
    });
    return { workflowId };
  },
};

/** What became of it: what its attempts get, or why not. */
async function becameOf(submitted: Awaited<ReturnType<Way>>): Promise<Expected> {
  if ('refused' in submitted) return submitted.refused;
  const { store } = cluster.relaunch;
  const { state, failure, run } = await result(cluster.relaunch, submitted.workflowId);
  const plan = await readRecord(store, keyOf.plan(run), planSchema);
  if (state === 'succeeded') return plan?.resourceArgs ?? 'no plan';
  expect(failure?.type).toBe('LaunchRejected');
  expect(plan, 'nothing was accepted').toBeUndefined();
  expect(await store.list(keyOf.run(run))).toEqual([]);
  return failure?.message ?? '';
}

test.concurrent.each(Object.entries(ways))('sixty submissions by %s: as the table says', async (_, way) => {
  const all = await Promise.all(
    submissions.map(async ([what, queue, , expected], i) => {
      const became = await becameOf(await way(i));
      const shown =
        typeof became === 'string' && typeof expected === 'string' && became.includes(expected) ? expected : became;
      return { what, queue, became: shown };
    }),
  );
  expect(all).toEqual(submissions.map(([what, queue, , became]) => ({ what, queue, became })));
});

test.concurrent('a queue is not deleted while a run waits in it, unless by force', async () => {
  const { relaunch } = cluster;
  await createQueue(relaunch.store, 'idle', { backend: 'process' });
  const { id } = await submit(relaunch, { ...launchOf(0), queue: 'idle', source: { code }, entrypoint: ['true'] });
  await until('the run is seen', async () => (await list(relaunch, { queue: 'idle' })).length > 0);
  await expect(deleteQueue(relaunch, 'idle')).rejects.toThrow(`queue "idle" has runs that wait or live: ${id}`);
  await deleteQueue(relaunch, 'idle', { force: true });
  expect(await relaunch.store.has(keyOf.queue('idle'))).toBe(false);
});
