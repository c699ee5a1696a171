import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attemptFiles, type AttemptFiles } from '../../activities/backends/process/layout.ts';
import { result, type RunEnd } from '../../client/index.ts';
import { Cluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';

const names = ['alone', 'all-killed', 'job-killed', 'ended-and-killed'];

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start(Object.fromEntries(names.map((name) => [name, { gracePeriod: '2s' }])));
}, 120_000);

afterAll(() => cluster.stop());

/** The end of a run to whose first attempt something happens while its agent is dead. */
async function unattended(
  name: string,
  script: string,
  meanwhile: (files: AttemptFiles) => Promise<void>,
): Promise<RunEnd> {
  const doomed = await cluster.hookedAgent(name, [name], { at: 'submit:after-create', do: 'kill' });
  const { id: run, workflowId } = await cluster.shell(name, script);
  expect(await doomed.exited).toBe('SIGKILL');
  const { entity } = cluster.relaunch.settings;
  await meanwhile(attemptFiles(cluster.home, { entity, run, attempt: 1, uid: '' }));
  await cluster.agent(name, [name], 1);
  return result(cluster.relaunch, workflowId);
}

const untilThere = (path: string): Promise<true> => until(path, () => access(path).then(() => true as const));

const groupOf = async (files: AttemptFiles): Promise<number> => Number(await readFile(files.pid, 'utf8'));

test.concurrent('a job that ends while no agent is alive keeps its exit code', { timeout: 120_000 }, async () => {
  const end = await unattended('alone', 'sleep 1.5; exit 7', ({ exit }) => untilThere(exit).then());
  expect(end).toMatchObject({ state: 'failed', outcome: { exitCode: 7 } });
});

test.concurrent('a job killed with its wrapper while no agent is alive is lost', { timeout: 120_000 }, async () => {
  const end = await unattended('all-killed', 'sleep 60', async (files) => {
    process.kill(-(await groupOf(files)), 'SIGKILL');
  });
  expect(end).toMatchObject({
    state: 'failed',
    failure: { type: 'JobLost' },
    attempts: [{ outcome: { kind: 'lost', reason: 'vanished' } }],
  });
});

test.concurrent('a job killed alone while no agent is alive has exit code 137', { timeout: 120_000 }, async () => {
  const pid = join(cluster.home, 'pid-of-job');
  const end = await unattended('job-killed', `echo $$ > ${pid}.new; mv ${pid}.new ${pid}; exec sleep 60`, async () => {
    await untilThere(pid);
    process.kill(Number(await readFile(pid, 'utf8')), 'SIGKILL');
  });
  expect(end).toMatchObject({ state: 'failed', attempts: [{ outcome: { cause: 'exit-code', exitCode: 137 } }] });
});

test.concurrent('a job that had succeeded before it was killed has succeeded', { timeout: 120_000 }, async () => {
  const end = await unattended('ended-and-killed', 'exit 0', async (files) => {
    await untilThere(files.exit);
    try {
      process.kill(-(await groupOf(files)), 'SIGKILL');
    } catch {
      // The wrapper kills its group itself, but not before the exit code is there.
    }
  });
  expect(end).toMatchObject({ state: 'succeeded', attempts: [{ outcome: { kind: 'succeeded', exitCode: 0 } }] });
});
