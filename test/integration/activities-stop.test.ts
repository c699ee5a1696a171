import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keyOf } from '../../store/layout.ts';
import { failure } from '../support/activity-calls.ts';
import { activityHarness, type ActivityHarness } from '../support/activity-harness.ts';
import { agent, type Launched } from '../support/activity-workflow.ts';
import { ignoringTerm, untilTerm } from '../support/backend-harness.ts';
import { pidsOf } from '../support/process-pids.ts';

const untilTermExit3 = untilTerm(3)[2] ?? '';

let harness: ActivityHarness;
beforeEach(async () => {
  harness = await activityHarness();
});
afterEach(() => harness.cleanup());

async function ready(script: string, activities = harness.agent(), more = {}): Promise<Launched> {
  const run = await harness.begun(script, activities, more);
  await harness.said(run, 'ready');
  return run;
}

describe('stopAttempt', () => {
  test('asks the job to end, and leaves recording and removing to await', async () => {
    const run = await ready(untilTermExit3);
    await run.stop({ attempt: 1, as: 'preempted', by: 'ada' });
    expect(pidsOf(run.ref())).toEqual([]);
    expect(await harness.store.has(keyOf.end(run.run, 1))).toBe(false);
    expect(await harness.processes.backend.list(agent)).toEqual([{ ref: run.ref(), live: false }]);
    expect((await run.follow()).outcome).toMatchObject({ kind: 'preempted', by: 'ada', exitCode: 3 });
  });

  test('kills a job that does not end within its grace period', async () => {
    const run = await ready(ignoringTerm[2] ?? '', undefined, { gracePeriod: '300ms' });
    const began = performance.now();
    await run.stop({ attempt: 1, as: 'cancelled' });
    expect(performance.now() - began).toBeGreaterThanOrEqual(300);
    expect(pidsOf(run.ref())).toEqual([]);
    expect((await run.follow()).outcome).toMatchObject({ kind: 'cancelled' });
  });

  test('writes down what was asked before it touches anything; the first to ask is heard', async () => {
    const seen: unknown[] = [];
    const activities = harness.agent({
      reached: async (point) => {
        if (!point.startsWith('stop:after-')) return;
        seen.push([point, await harness.json(keyOf.asked(run.run, 1)), pidsOf(run.ref()).length > 0]);
      },
    });
    const run = await ready(untilTermExit3, activities);
    const first = { attempt: 1, as: 'preempted', by: 'ada' } as const;
    await run.stop(first);
    await run.stop({ attempt: 1, as: 'cancelled' });
    expect(seen).toEqual([
      ['stop:after-asked', first, true],
      ['stop:after-stop', first, false],
      ['stop:after-asked', first, false],
      ['stop:after-stop', first, false],
    ]);
    expect((await run.follow()).outcome).toMatchObject({ kind: 'preempted', by: 'ada' });
  });

  test('does nothing after a recorded end', async () => {
    const run = await harness.begun('exit 0');
    await run.follow();
    await run.stop({ attempt: 1, as: 'cancelled' });
    expect(await harness.store.has(keyOf.asked(run.run, 1))).toBe(false);
    expect(await harness.processes.backend.list(agent)).toEqual([]);
  });

  test.each([
    [{ attempt: 1 }],
    [{ attempt: 1, as: 'murdered' }],
    [{ as: 'cancelled' }],
    [{ attempt: 7_000, as: 'lost' }],
  ])('refuses the argument %j', async (junk) => {
    const run = await ready(untilTermExit3);
    await expect(run.stop(junk)).rejects.toEqual(failure('AttemptRefused'));
    expect(pidsOf(run.ref()).length).toBeGreaterThan(0);
  });
});
