import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logs, result, show } from '../../client/index.ts';
import { launchWorkflowType } from '../../contracts/messages.ts';
import { runIdOf } from '../../contracts/names.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { packDirectory, uploadArchive } from '../../store/archive.ts';
import { Cluster } from '../support/cluster.ts';
import { failedTasks } from '../support/raw-workflow.ts';

const odd = [
  'a'.repeat(50),
  'a'.repeat(51),
  'A'.repeat(50),
  'x'.repeat(900),
  '..',
  '.',
  '../../../escaped',
  '/etc/escaped',
  'runs/other/plan.json',
  'C:\\escaped',
  'with spaces and "quotes"',
  '-begins-with-a-dash',
  '__proto__',
  'constructor',
  'Größe 数据 😀',
  '\u0000\u001b[2J\n',
  '   ',
  'a-a1',
  'a',
];

let cluster: Cluster;
let before: string[];

beforeAll(async () => {
  cluster = await Cluster.start({ laptop: {} });
  await cluster.agent('one', ['laptop'], 4);
  before = await around();
}, 120_000);

afterAll(() => cluster.stop());

/** What is in the cluster's directory, and what in its parent is named after an escape. */
async function around(): Promise<string[]> {
  const outside = (await readdir(dirname(cluster.home))).filter((name) => name.includes('escaped'));
  const inside = await readdir(cluster.home);
  return [...inside.filter((name) => !['process', 'store'].includes(name)), ...outside].sort();
}

test(
  'a bare start runs under any workflow id, and nothing of it lies where it should not',
  { timeout: 120_000 },
  async () => {
    const { relaunch } = cluster;
    const packed = await packDirectory(join(cluster.home, 'code'));
    await uploadArchive(relaunch.store, packed);
    const spec = {
      queue: 'laptop',
      source: { code: { digest: packed.digest } },
      entrypoint: ['sh', '-c', 'echo "I am $RELAUNCH_RUN_ID"; pwd'],
    };
    const started = odd.map((workflowId) =>
      relaunch.temporal.workflow.start(launchWorkflowType, { args: [spec], taskQueue: controlTaskQueue, workflowId }),
    );
    for (const handle of await Promise.all(started)) {
      const { workflowId } = handle;
      const run = runIdOf(workflowId);
      expect(await result(relaunch, workflowId)).toMatchObject({ run, state: 'succeeded' });
      expect(await failedTasks(handle)).toEqual([]);
      const said = (await Array.fromAsync(logs(relaunch, workflowId))).map(({ line }) => line.m);
      expect(said).toEqual([`I am ${run}`, join(cluster.home, 'process', 'default', run, 'a1', 'source')]);
      expect((await show(relaunch, workflowId)).state).toBe('succeeded');
    }
    const runs = odd.map(runIdOf).sort();
    expect(new Set(runs).size).toBe(odd.length);
    expect((await readdir(fileURLToPath(new URL('runs', `${relaunch.store.url}/`)))).sort()).toEqual(runs);
    expect((await readdir(join(cluster.home, 'process', 'default'))).filter((name) => !runs.includes(name))).toEqual(
      [],
    );
    expect(await around()).toEqual(before);
  },
);
