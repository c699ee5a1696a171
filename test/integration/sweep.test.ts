import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  cancel,
  createJob,
  list,
  logs,
  plannedSweep,
  progress,
  removeSweep,
  rerunFailedTrials,
  resumeSweep,
  setNumWorkers,
  submitSweep,
  sweepResult,
  trials,
  type SweepSpecInput,
} from '../../client/index.ts';
import { sweepWorkflowType } from '../../contracts/sweep-messages.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { keyOf } from '../../store/layout.ts';
import { failureIn } from '../support/closings.ts';
import { Cluster } from '../support/cluster.ts';
import { leavingsOf } from '../support/leavings.ts';
import { until, untilNone } from '../support/until.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start({
    wide: { gracePeriod: '5s', scheduler: { num_workers: 64 } },
    narrow: { scheduler: { num_workers: 2 }, defaults: { runConfig: { epochs: 3, value: 7 } } },
  });
  await cluster.agent('one', ['wide', 'narrow'], 80);
  await mkdir(join(cluster.home, 'code'), { recursive: true });
}, 120_000);

afterAll(() => cluster.stop());

const report = 'echo "{\\"loss\\": $n}"';
/** A shell script as a trial, in which $n is the value of its only parameter. */
function sweepOf(values: readonly number[], script: string, more: Partial<SweepSpecInput> = {}, queue = 'wide') {
  const input: SweepSpecInput = {
    ...{ name: 'toy', method: 'grid', parameters: { n: { values: [...values] } } },
    launch: {
      queue,
      source: { code: { dir: join(cluster.home, 'code') } },
      entrypoint: ['sh', '-c', `n=\${1#n=}; ${script}`, 'sh', '${args_no_hyphens}'],
    },
    ...more,
  };
  return input;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

async function untilRunning(sweep: string, count: number, withinMs = 30_000): Promise<void> {
  const look = async () => (await progress(cluster.relaunch, sweep))?.running === count;
  await until(`${String(count)} trials in flight`, look, withinMs);
}

test.concurrent('a file is a sweep: planned, started, followed, listed, its results read', async () => {
  const script = 'c=$RELAUNCH_CONFIG; echo "{\\"loss\\": $(echo $c | sed "s/.*\\"x\\":\\([0-9]*\\).*/\\1/")}"';
  await writeFile(
    join(cluster.home, 'sweep.yaml'),
    `
name: from a file
method: grid
metric: { name: loss }
parameters:
  x: { values: [3, 1, 2] }
  opt: { parameters: { kind: { value: adam } } }
command: [sh, -c, '${script.replaceAll("'", "''")}']
source: { code: { dir: code } }
scheduler: { num_workers: 2 }
launch: { queue: wide }
`,
  );
  const plan = await cluster.run('sweep', 'sweep.yaml', '--plan', '--json');
  expect(plan.code).toBe(0);
  expect(JSON.parse(plan.output)).toMatchObject({
    ...{ points: 3, total: 3, numWorkers: 2, maxWorkers: 64 },
    first: [{ index: 0, config: { x: 3, opt: { kind: 'adam' } } }, { index: 1 }, { index: 2 }],
  });
  const followed = await cluster.run('sweep', 'sweep.yaml', '--follow');
  expect(followed.output).toMatch(/succeeded: 3 of 3 done, 0\/2 running, 0 failed, best 1 \(from-a-file-\w+-1-\w+\)/);
  expect(followed.code).toBe(0);
  const id = /submitted: (\S+)/.exec(followed.output)?.[1] ?? '';
  const listed = await cluster.run('sweep', 'list', '--json');
  expect(JSON.parse(listed.output)).toEqual(
    expect.arrayContaining([expect.objectContaining({ id, name: 'from a file', state: 'succeeded', queue: 'wide' })]),
  );
  expect((await cluster.run('sweep', 'show', id)).output).toContain('3 of 3 done');
  const csv = (await cluster.run('sweep', 'results', id, '--csv')).output.trim().split('\n');
  expect(csv[0]).toBe('trial,run,state,attempts,opt.kind,x,loss');
  expect(csv.slice(1).map((line) => line.replace(/toy[^,]*|from-a-file[^,]*/, 'ID'))).toEqual([
    '0,ID,succeeded,1,adam,3,3',
    '1,ID,succeeded,1,adam,1,1',
    '2,ID,succeeded,1,adam,2,2',
  ]);
});

test.concurrent('over a job: one version for all trials, which get their points on top of its defaults', async () => {
  const { store } = cluster.relaunch;
  const spec = { source: { code: { dir: join(cluster.home, 'code') } }, runConfig: { base: 1 } };
  const create = (word: string) =>
    createJob(store, { ...spec, entrypoint: ['sh', '-c', `echo ${word} $RELAUNCH_CONFIG`] }, { name: 'swept' });
  await create('first');
  await writeFile(
    join(cluster.home, 'over-a-job.yaml'),
    'method: grid\nparameters: { n: { values: [1, 2] } }\njob: swept:latest\nscheduler: { num_workers: 1 }\n',
  );
  const started = await cluster.run('sweep', 'over-a-job.yaml', '-q', 'wide', '--json');
  const { id } = JSON.parse(started.output) as { id: string };
  await until('its plan', () => store.has(keyOf.sweepPlan(id)));
  await create('second');
  expect(await sweepResult(cluster.relaunch, id)).toMatchObject({ state: 'succeeded', tally: { succeeded: 2 } });
  const said = await Promise.all((await trials(cluster.relaunch, id)).map(({ run }) => wordsOf(run)));
  expect(said).toEqual([['first {"base":1,"n":1}'], ['first {"base":1,"n":2}']]);
  const runs = await list(cluster.relaunch, { job: 'uncategorized/swept', sweep: id });
  expect(runs).toHaveLength(2);
});

async function wordsOf(run: string): Promise<string[]> {
  const words: string[] = [];
  for await (const { line } of logs(cluster.relaunch, run)) words.push(line.m);
  return words;
}

test.concurrent.each([
  ['more workers than the queue has', ['-q', 'narrow', '-n', '3'], 'numWorkers is 3: at most 2 on queue "narrow"'],
  ['no such queue', ['-q', 'nowhere'], '"nowhere" does not exist'],
  ['a cap that is none', ['-q', 'wide', '--run-cap', 'all'], 'runCap is "all"'],
])('%s is refused before anything is started', async (title, flags, sentence) => {
  const name = `${title.replaceAll(' ', '-')}.yaml`;
  await writeFile(join(cluster.home, name), 'method: grid\nparameters: { a: { values: [1] } }\nprogram: x.py\n');
  const { code, output } = await cluster.run('sweep', name, ...flags);
  expect(output).toContain(sentence);
  expect(code).toBe(2);
});

test.concurrent('what its trials have of their queue is said before, but for what is searched', async () => {
  const { notes } = await plannedSweep(cluster.relaunch, {
    ...{ method: 'grid', parameters: { value: { values: [1, 2] } } },
    launch: { queue: 'narrow', source: { code: { dir: cluster.home } }, entrypoint: ['true'] },
  });
  expect(notes).toEqual(['by the defaults of queue "narrow": runConfig.epochs is 3']);
});

test.concurrent('a sweep that a bare client starts obeys the bound of its queue', async () => {
  const { temporal } = cluster.relaunch;
  const start = (workflowId: string, input: SweepSpecInput) =>
    temporal.workflow.start(sweepWorkflowType, { workflowId, taskQueue: controlTaskQueue, args: [input] });
  const { digest } = (await submitted('bare source')).source;
  const spec = sweepOf(numbers(6), 'sleep 1', {}, 'narrow');
  const packed = { ...spec, launch: { ...spec.launch, source: { code: { digest } } } };
  const tooWide = await start('Too Wide', { ...packed, numWorkers: 3 });
  expect(await failureIn(tooWide)).toMatchObject({ type: 'LaunchRejected' });
  await start('Any Id', packed);
  const end = await sweepResult(cluster.relaunch, 'Any Id');
  expect(end).toMatchObject({ state: 'succeeded', numWorkers: 2, maxWorkers: 2, tally: { succeeded: 6 } });
  expect(end.sweep).toMatch(/^any-id-[a-z2-7]{12}$/);
  expect(await trials(cluster.relaunch, 'Any Id')).toHaveLength(6);
});

/** Code that is in the store. */
async function submitted(name: string): Promise<{ source: { digest: string } }> {
  const { workflowId } = await cluster.shell('wide', 'true', { name });
  const [input] = (await cluster.relaunch.temporal.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
  const [payload] = input?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  const spec = JSON.parse(Buffer.from(payload?.data ?? []).toString()) as { source: { code: { digest: string } } };
  return { source: spec.source.code };
}

test.concurrent(
  '64 trials in flight are cancelled at once, and the sweep closes when the last is gone',
  { timeout: 120_000 },
  async () => {
    const { id } = await submitSweep(cluster.relaunch, sweepOf(numbers(100), 'sleep 60', { numWorkers: 4 }));
    await untilRunning(id, 4);
    expect(await setNumWorkers(cluster.relaunch, id, 64)).toBe(64);
    await untilRunning(id, 64);
    await until('all of them live', async () => {
      const rows = await trials(cluster.relaunch, id);
      return rows.filter(({ state }) => state === 'running').length === 64;
    });
    await cancel(cluster.relaunch, id, { by: 'ada' });
    const end = await sweepResult(cluster.relaunch, id);
    const rows = await trials(cluster.relaunch, id);
    expect(rows.map(({ state }) => state)).toEqual(Array(64).fill('cancelled'));
    expect(end).toMatchObject({ state: 'cancelled', running: 0, tally: { drawn: 64, cancelled: 64 } });
    for (const { run } of rows) expect(await leavingsOf(cluster.home, run)).toEqual([]);
  },
);

test.concurrent(
  'a trial that is terminated is an ended trial, at once: its place goes to the next',
  { timeout: 90_000 },
  async () => {
    const { id } = await submitSweep(cluster.relaunch, sweepOf(numbers(3), 'sleep 60', { numWorkers: 1 }));
    await untilRunning(id, 1);
    const { temporal } = cluster.relaunch;
    const [first] = await until('the first trial', async () => {
      const rows = await trials(cluster.relaunch, id);
      return rows.length === 1 && rows;
    });
    await temporal.workflow.getHandle(first?.run ?? '').terminate('by hand');
    await until('the next', async () => (await progress(cluster.relaunch, id))?.tally.drawn === 2);
    await cancel(cluster.relaunch, id, {});
    expect((await sweepResult(cluster.relaunch, id)).tally).toMatchObject({ cancelled: 2, interrupted: [1] });
    await untilNone('what is left of it', () => leavingsOf(cluster.home, first?.run ?? ''), 60_000);
  },
);

test.concurrent('an ended sweep goes on with a larger cap, and with what failed', { timeout: 90_000 }, async () => {
  const flag = join(cluster.home, 'repaired');
  const script = `[ -e ${flag} ] || [ $n != 1 ] || exit 3; ${report}`;
  const spec = sweepOf(numbers(5), script, { runCap: 3, metric: { name: 'loss', goal: 'maximize' } });
  const { id } = await submitSweep(cluster.relaunch, spec);
  expect((await sweepResult(cluster.relaunch, id)).tally).toMatchObject({ succeeded: 2, failed: 1, failedTrials: [1] });
  await writeFile(flag, '');
  expect(await rerunFailedTrials(cluster.relaunch, id)).toBe(1);
  expect((await sweepResult(cluster.relaunch, id)).tally).toMatchObject({ drawn: 3, succeeded: 3, failed: 0 });
  await resumeSweep(cluster.relaunch, id, { runCap: 5 });
  expect(await sweepResult(cluster.relaunch, id)).toMatchObject({
    state: 'succeeded',
    tally: { drawn: 5, succeeded: 5, best: { index: 4, value: 4 } },
  });
  const rows = await trials(cluster.relaunch, id);
  expect(rows.map(({ index, config, summary }) => [index, config['n'], summary['loss']?.last])).toEqual(
    numbers(5).map((n) => [n, n, n]),
  );
  expect(rows[1]?.run).toMatch(/-1-[a-z2-7]{6}-r1$/);
});

test.concurrent('a deleted sweep leaves no trial and no record', { timeout: 240_000 }, async () => {
  const { id } = await submitSweep(cluster.relaunch, sweepOf(numbers(4), report));
  await sweepResult(cluster.relaunch, id);
  const runs = (await trials(cluster.relaunch, id)).map(({ run }) => run);
  expect(await removeSweep(cluster.relaunch, id, { by: 'ada' })).toBe(4);
  const { store } = cluster.relaunch;
  const left = async (): Promise<string[]> => [
    ...((await store.has(keyOf.sweepPlan(id))) ? ['the plan'] : []),
    ...(await Promise.all(runs.map((run) => store.list(keyOf.run(run))))).flat(),
  ];
  await untilNone('records', left, 180_000);
});
