import { afterEach, beforeEach, expect, test } from 'vitest';
import { keyOf } from '../../store/layout.ts';
import { failure } from '../support/activity-calls.ts';
import { activityHarness, type ActivityHarness } from '../support/activity-harness.ts';
import { agent } from '../support/activity-workflow.ts';
import { pidsOf } from '../support/process-pids.ts';

const counting = 'for i in $(seq 1 100); do echo $i; [ $((i % 20)) -ne 0 ] || sleep 0.05; done; exit 3';
const counted = Array.from({ length: 100 }, (_, i) => String(i + 1));

let harness: ActivityHarness;
beforeEach(async () => {
  harness = await activityHarness();
});
afterEach(() => harness.cleanup());

const retried = expect.objectContaining({ name: 'ApplicationFailure', nonRetryable: false }) as unknown;

test('two awaits of one attempt agree, or one of them is tried again; no line is lost or doubled', async () => {
  for (let round = 0; round < 8; round++) {
    const run = await harness.begun(counting);
    const both = await Promise.allSettled([run.follow(), run.follow()]);
    const end = await run.follow();
    expect(end.outcome).toMatchObject({ kind: 'failed', exitCode: 3 });
    for (const one of both) {
      if (one.status === 'fulfilled') expect(one.value).toEqual(end);
      else expect(one.reason).toEqual(retried);
    }
    expect(await harness.texts(run)).toEqual(counted);
  }
  expect(await harness.processes.backend.list(agent)).toEqual([]);
});

test('an await and a release at once leave one end, and nothing else', async () => {
  const ending = 'trap "echo saved; exit 3" TERM; echo ready; while :; do sleep 0.05; done';
  for (let round = 0; round < 8; round++) {
    const run = await harness.begun(ending);
    await harness.said(run, 'ready');
    const following = run.follow();
    const both = await Promise.allSettled([following, run.release({ attempt: 1, as: 'cancelled' })]);
    for (const one of both) if (one.status === 'rejected') expect(one.reason).toEqual(retried);
    const end = await run.follow();
    expect(await run.release({ attempt: 1, as: 'preempted' })).toEqual({ end });
    expect(end.outcome).toMatchObject({ kind: 'cancelled' });
    expect(await harness.texts(run)).toEqual(['ready', 'saved']);
    expect(pidsOf(run.ref())).toEqual([]);
  }
  expect(await harness.processes.backend.list(agent)).toEqual([]);
  expect(harness.gate.live).toBe(0);
});

test('a submit and a release at once: it began and was ended, or it never begins', async () => {
  for (let round = 0; round < 8; round++) {
    const run = await harness.launched('exec sleep 300');
    const [submitted, released] = await Promise.allSettled([
      run.submit(),
      run.releaseAnywhere({ attempt: 1, as: 'cancelled' }),
    ]);
    expect(released).toMatchObject({ status: 'fulfilled', value: { end: { outcome: { kind: 'cancelled' } } } });
    if (submitted.status === 'rejected') {
      expect([failure('AttemptRefused', 'was given up'), retried]).toContainEqual(submitted.reason);
    }
    await run.submit();
    await expect.poll(() => pidsOf(run.ref())).toEqual([]);
    expect(await harness.store.has(keyOf.end(run.run, 1))).toBe(true);
  }
});

test('of two different specs at once for one run id, one is taken', async () => {
  const run = harness.workflow('contested');
  const both = await Promise.allSettled([run.resolve(harness.spec('exit 0')), run.resolve(harness.spec('exit 1'))]);
  const [lost] = both.filter((one) => one.status === 'rejected');
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(lost?.reason).toEqual(failure('RunIdTaken'));
});
