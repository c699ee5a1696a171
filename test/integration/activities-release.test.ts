import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keyOf } from '../../store/layout.ts';
import { writeRecord } from '../../store/records.ts';
import { failure } from '../support/activity-calls.ts';
import { activityHarness, type ActivityHarness } from '../support/activity-harness.ts';
import { agent, type Launched } from '../support/activity-workflow.ts';
import { untilTerm } from '../support/backend-harness.ts';
import { pidsOf } from '../support/process-pids.ts';

const untilTermExit3 = untilTerm(3)[2] ?? '';
const at = new Date().toISOString();
const longGone = new Date(0).toISOString();

let harness: ActivityHarness;
beforeEach(async () => {
  harness = await activityHarness();
});
afterEach(() => harness.cleanup());

async function ready(script: string): Promise<Launched> {
  const run = await harness.begun(script);
  await harness.said(run, 'ready');
  return run;
}

describe('releaseAttempt where the attempt is', () => {
  test.each([
    ['cancelled', { kind: 'cancelled', by: 'ada', exitCode: 3 }],
    ['preempted', { kind: 'preempted', by: 'ada', exitCode: 3 }],
    ['lost', { kind: 'lost', reason: 'agent-lost', exitCode: 3 }],
  ] as const)('stops, records as %s, removes and answers', async (as, outcome) => {
    const run = await ready(untilTermExit3);
    const released = await run.release({ attempt: 1, as, by: 'ada' });
    expect(released).toMatchObject({ end: { outcome } });
    expect(await run.release({ attempt: 1, as: 'cancelled' })).toEqual(released);
    expect(released).toEqual({ end: await harness.json(keyOf.end(run.run, 1)) });
    expect(await harness.texts(run)).toEqual(['ready', 'saved']);
    expect(pidsOf(run.ref())).toEqual([]);
    expect(await harness.processes.backend.list(agent)).toEqual([]);
    expect(harness.gate.live).toBe(0);
  });

  test('removes what is left after a recorded end, and answers that', async () => {
    const run = await ready(untilTermExit3);
    const end = { outcome: { kind: 'succeeded', at }, summary: {} };
    await writeRecord(harness.store, keyOf.end(run.run, 1), end);
    expect(await run.release({ attempt: 1, as: 'cancelled' })).toEqual({ end });
    expect(await harness.processes.backend.list(agent)).toEqual([]);
  });
});

describe('releaseAttempt anywhere', () => {
  const claimedByOther = async (run: Launched): Promise<void> =>
    writeRecord(harness.store, keyOf.claim(run.run, 1), { agent: 'other', follow: 'agent/other', uid: run.ref().uid });

  test('makes sure that what nobody claimed never begins', async () => {
    const run = await harness.launched(untilTermExit3);
    const released = await run.releaseAnywhere({ attempt: 1, as: 'cancelled', by: 'ada' });
    expect(released).toMatchObject({ end: { outcome: { kind: 'cancelled', by: 'ada' }, summary: {} } });
    expect(await run.releaseAnywhere({ attempt: 1, as: 'preempted' })).toEqual(released);
    await harness.store.remove(keyOf.end(run.run, 1));
    await expect(run.submit()).rejects.toEqual(failure('AttemptRefused', 'was given up'));
    expect(await harness.processes.backend.list(agent)).toEqual([]);
  });

  test('says who claimed it', async () => {
    const run = await harness.launched(untilTermExit3);
    await claimedByOther(run);
    expect(await run.releaseAnywhere({ attempt: 1, as: 'cancelled' })).toEqual({
      follow: 'agent/other',
      agent: 'other',
    });
    expect(await harness.store.has(keyOf.end(run.run, 1))).toBe(false);
    expect(await harness.store.has(keyOf.asked(run.run, 1))).toBe(false);
  });

  test('stops and records what this very agent claimed', async () => {
    const run = await ready(untilTermExit3);
    expect(await run.releaseAnywhere({ attempt: 1, as: 'cancelled' })).toMatchObject({
      end: { outcome: { kind: 'cancelled', exitCode: 3 } },
    });
    expect(pidsOf(run.ref())).toEqual([]);
  });

  test.each([
    ['renews its lease', { hostId: 'elsewhere', pid: 1, renewedAt: new Date(8.64e15).toISOString() }, false],
    ['let its lease go stale', { hostId: 'elsewhere', pid: 1, renewedAt: longGone }, true],
    ['has no lease', undefined, true],
  ])('records an attempt as lost only if its agent is gone: one that %s', async (_, lease, recorded) => {
    const run = await harness.launched(untilTermExit3);
    await claimedByOther(run);
    if (lease !== undefined) await writeRecord(harness.store, keyOf.agentLease('other'), lease);
    const released = run.releaseAnywhere({ attempt: 1, as: 'lost', reason: 'agent other did not answer' });
    await (recorded
      ? expect(released).resolves.toMatchObject({
          end: { outcome: { kind: 'lost', reason: 'agent-lost', message: 'agent other did not answer' } },
        })
      : expect(released).rejects.toEqual(failure('BackendUnavailable', 'agent other is alive')));
    expect(await harness.store.has(keyOf.end(run.run, 1))).toBe(recorded);
  });

  test.each([agent, 'other'])('answers the end that is recorded, of an attempt that %s claimed', async (holder) => {
    const run = await harness.begun('exit 3');
    const end = await run.follow();
    if (holder !== agent) await claimedByOther(run);
    for (const as of ['lost', 'cancelled'] as const)
      expect(await run.releaseAnywhere({ attempt: 1, as })).toEqual({ end });
  });
});
