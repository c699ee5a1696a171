import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logs, remove, result, show, submit } from '../../client/index.ts';
import { keyOf } from '../../store/layout.ts';
import { Cluster } from '../support/cluster.ts';
import { until, untilNone } from '../support/until.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start({ q: { gracePeriod: '2s' }, other: {} });
  await cluster.agent('one', ['q'], 4);
}, 120_000);

afterAll(() => cluster.stop());

const recordsOf = (run: string): Promise<string[]> => cluster.relaunch.store.list(keyOf.run(run));
const kept = (): Promise<string[]> => readdir(join(cluster.home, 'process', 'default')).catch(() => []);

async function nothingLeftOf(run: string): Promise<void> {
  const left = async () => [...(await recordsOf(run)), ...(await kept()).filter((name) => name === run)];
  await untilNone(`what there is of ${run}`, left, 100_000);
}

test.concurrent(
  'a deleted run leaves nothing: no record, no log, no checkpoint; a run that only ended keeps them',
  { timeout: 180_000 },
  async () => {
    const job = 'echo hello; touch $RELAUNCH_CHECKPOINT_DIR/model';
    const [ended, gone] = await Promise.all([cluster.shell('q', job), cluster.shell('q', job)]);
    for (const { workflowId } of [ended, gone]) await result(cluster.relaunch, workflowId);
    expect(await kept()).toEqual(expect.arrayContaining([ended.id, gone.id]));
    const { code, output } = await cluster.run('delete', gone.workflowId);
    expect({ code, output }).toEqual({ code: 0, output: `deleting ${gone.workflowId}\n` });
    await nothingLeftOf(gone.id);
    expect(await kept()).toContain(ended.id);
    const lines = await Array.fromAsync(logs(cluster.relaunch, ended.workflowId), ({ line }) => line.m);
    expect(lines).toEqual(['hello']);
    const again = await cluster.run('delete', gone.workflowId);
    expect(again.code).toBe(1);
    expect(again.output).toContain(`there is no run "${gone.workflowId}"`);
  },
);

test.concurrent(
  'delete ends a run that goes on; its key is free again when Temporal has done so',
  { timeout: 180_000 },
  async () => {
    const spec = {
      queue: 'q',
      source: { code: { dir: join(cluster.home, 'code') } },
      entrypoint: ['sh', '-c', 'echo started; sleep 60'],
    };
    const first = await submit(cluster.relaunch, spec, { key: 'nightly' });
    await until('a record', async () => (await recordsOf(first.id)).some((key) => key.includes('/log/')));
    await remove(cluster.relaunch, first.workflowId, { by: 'ada' });
    const isUnknown = (error: Error) => error.message.startsWith(`there is no run "${first.workflowId}" in entity`);
    await until('it is deleted', () => show(cluster.relaunch, first.workflowId).then(() => false, isUnknown), 60_000);
    const other = { ...spec, entrypoint: ['sh', '-c', 'echo another'] };
    const second = await submit(cluster.relaunch, other, { key: 'nightly' });
    expect(second).toMatchObject({ id: first.id, attached: false });
    expect(await result(cluster.relaunch, second.workflowId)).toMatchObject({ state: 'succeeded' });
    const lines = await Array.fromAsync(logs(cluster.relaunch, second.workflowId), ({ line }) => line.m);
    expect(lines).toEqual(['another']);
  },
);

test.concurrent("records of another agent's queue are left to that agent", { timeout: 180_000 }, async () => {
  const run = await cluster.shell('other', 'exit 0');
  const helper = await cluster.agent('two', ['other'], 1);
  await result(cluster.relaunch, run.workflowId);
  helper.child.kill('SIGTERM');
  await helper.exited;
  await remove(cluster.relaunch, run.workflowId, {});
  const first = await cluster.shell('q', 'exit 0');
  await result(cluster.relaunch, first.workflowId);
  await remove(cluster.relaunch, first.workflowId, {});
  await nothingLeftOf(first.id);
  expect(await recordsOf(run.id)).not.toEqual([]);
  await cluster.agent('two', ['other'], 1);
  await nothingLeftOf(run.id);
});

test.concurrent('delete by query wants a second word', { timeout: 60_000 }, async () => {
  const run = await cluster.shell('q', 'exit 0', { project: 'throw-away' });
  await result(cluster.relaunch, run.workflowId);
  const query = "RelaunchProject = 'throw-away'";
  const matched = async () => (await cluster.run('delete', '--query', query)).output;
  await until('visibility', async () => (await matched()).includes('1 runs match --query'));
  const { code, output } = await cluster.run('delete', '--query', query, '--yes', '--json');
  expect({ code, told: JSON.parse(output) as unknown }).toEqual({ code: 0, told: [run.workflowId] });
});

test('what a killed release left in a run that is no more is removed', { timeout: 60_000 }, async () => {
  const left = join(cluster.home, 'process', 'default', 'long-gone', 'a1.0000.gone', 'source');
  await mkdir(left, { recursive: true });
  await until('it is gone', async () => !(await kept()).includes('long-gone'));
});
