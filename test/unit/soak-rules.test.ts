import { msToTs } from '@temporalio/common/lib/time.js';
import { describe, expect, test } from 'vitest';
import { wrongEnd, wrongLines, wrongStarts } from '../soak/audit.ts';
import { overMax } from '../soak/changing-max.ts';
import { idlePermits } from '../soak/idle-permits.ts';
import { differences, type Listing } from '../soak/listing-differences.ts';
import { doubles, mostLive, type Mark } from '../soak/ledger.ts';
import { seeded } from '../soak/random.ts';
import { widthIn, withoutMs } from '../soak/sweep-history.ts';

/** A ledger in short: `0 start run 1`, with the time in ms and the attempt. */
const ledger = (...lines: string[]): Mark[] =>
  lines.map((line) => {
    const [atMs, what, run = '', attempt] = line.split(' ');
    return {
      atMs: Number(atMs),
      what: what === 'start' ? 'start' : 'end',
      run,
      attempt: Number(attempt),
      pid: 2,
      lines: 0,
      host: 'one',
    };
  });

const run = { id: 'r', workflowId: 'r', queue: 'q', exit: 0, preemptions: 0 };
const at = '2026-01-01T00:00:00Z';
const attempt = (number: number, outcome: object) =>
  ({ attempt: number, startedAt: at, outcome: { at, ...outcome } }) as never;
const end = (state: string, exitCode: number, attempts: never[], requeues = 0) =>
  ({ run: 'r', state, outcome: { kind: state, exitCode, at }, attempts, requeues, summary: {} }) as never;
const succeeded = attempt(1, { kind: 'succeeded' });

test('the soak notices an attempt that starts twice, or while another lives, or too late', () => {
  expect(doubles(ledger('0 start r 1', '1 end r 1', '2 start r 2', '3 end r 2', '1 start s 1'))).toEqual([]);
  expect(doubles(ledger('0 start r 1', '1 end r 1', '2 start r 1'))).toHaveLength(1);
  expect(doubles(ledger('0 start r 1', '1 start r 2'))).toHaveLength(1);
  expect(doubles(ledger('0 start r 2', '1 end r 2', '2 start r 1'))).toHaveLength(1);
  expect(doubles(ledger('0 end r 1'))).toHaveLength(1);
  expect(mostLive(ledger('0 start r 1', '1 start s 1', '2 end r 1', '3 start t 1'))).toBe(2);
});

test('the soak notices a run that ends otherwise, or has more attempts than were asked for', () => {
  expect(wrongEnd(run, end('succeeded', 0, [succeeded]))).toEqual([]);
  expect(wrongEnd(run, end('failed', 7, [succeeded]))).toHaveLength(1);
  expect(wrongEnd(run, end('succeeded', 0, [succeeded, succeeded], 1))).toHaveLength(1);
  const never = attempt(1, { kind: 'lost', reason: 'never-started' });
  expect(wrongEnd(run, end('succeeded', 0, [never, attempt(2, { kind: 'succeeded' })]))).toEqual([]);
});

test('the soak notices an attempt without a start, and one that never started but did', () => {
  const once = ledger('0 start r 1', '1 end r 1');
  expect(wrongStarts(run, end('succeeded', 0, [succeeded]), once)).toEqual([]);
  expect(wrongStarts(run, end('succeeded', 0, [succeeded]), [])).toHaveLength(1);
  const never = attempt(1, { kind: 'lost', reason: 'never-started' });
  expect(wrongStarts(run, end('succeeded', 0, [never]), once)).toHaveLength(1);
});

test('the soak notices a line that is missing, doubled or out of order', () => {
  expect(wrongLines(['line 1 1', 'line 1 2'], 1, 2)).toBeUndefined();
  expect(wrongLines(['line 1 1'], 1, 2)).toContain('1 are stored');
  expect(wrongLines(['line 1 1', 'line 1 1', 'line 1 2'], 1, 2)).toContain('line 2 is "line 1 1"');
  expect(wrongLines(['line 1 2', 'line 1 1'], 1, 2)).toContain('line 1 is "line 1 2"');
  expect(wrongLines(['line 1 1', 'line 1 2'], 1, 1)).toContain('of 1 lines 2');
});

test('a place idles while it is free, a run waits and the agent is up: no longer, no shorter', () => {
  const marks = ledger('1000 start r 1', '2000 end r 1', '9000 start s 1');
  const idle = (waiting: [number, number], up: [number, number][]): number[] =>
    idlePermits(
      marks,
      1,
      [{ fromMs: waiting[0], toMs: waiting[1] }],
      up.map(([fromMs, toMs]) => ({ fromMs, toMs })),
    ).map(({ idleMs }) => idleMs);
  expect(idle([0, 9_000], [[0, Infinity]])).toEqual([1_000, 7_000]);
  expect(idle([8_500, 9_000], [[0, Infinity]])).toEqual([0, 500]);
  const restarted: [number, number][] = [
    [0, 3_000],
    [6_000, Infinity],
  ];
  expect(idle([0, 9_000], restarted)).toEqual([1_000, 3_000]);
});

test('the soak notices more live than a new maximum, once what was over it had time to end', () => {
  const marks = ledger('0 start r 1', '1 start s 1', '10001 end r 1', '10002 start t 1');
  expect(overMax(marks, 5_000, 2, 1)).toHaveLength(1);
  expect(overMax(marks, 5_000, 1, 2)).toEqual([]);
});

test('the soak notices what was left behind, but for records of runs that exist', () => {
  const listing = (files: string[], sockets: number): Listing => ({
    processes: [],
    files,
    open: new Map([['agent', new Map([['socket', sockets]])]]),
  });
  const before = listing(['store/default/queues/q.yaml'], 5);
  const records = ['store/default/runs/r', 'store/default/runs/r/plan.json', 'left/process/default/r/checkpoint'];
  expect(differences(before, listing([...before.files, ...records], 6), ['r'])).toEqual([]);
  expect(differences(before, listing([...before.files, ...records], 6), [])).toHaveLength(3);
  expect(differences(before, listing([...before.files, 'left/process/default/r/a1'], 5), ['r'])).toHaveLength(1);
  expect(differences(before, listing([], 5), [])).toEqual(['file gone: store/default/queues/q.yaml']);
  expect(differences(before, listing(before.files, 50), [])).toHaveLength(1);
});

test('a seed repeats the choices of a soak, another makes others', () => {
  const choices = (seed: number): number[] => {
    const random = seeded(seed);
    return Array.from({ length: 20 }, () => random.int(0, 1_000));
  };
  expect(choices(1)).toEqual(choices(1));
  expect(choices(1)).not.toEqual(choices(2));
  expect(Math.max(...choices(1))).toBeLessThanOrEqual(1_000);
});

describe('the width of a sweep', () => {
  const at = (seconds: number) => ({ eventTime: msToTs(seconds * 1_000) });
  const begun = (seconds: number, workflowId: string) => ({
    ...at(seconds),
    startChildWorkflowExecutionInitiatedEventAttributes: { workflowId },
  });
  const ended = (seconds: number) => ({ ...at(seconds), childWorkflowExecutionCompletedEventAttributes: {} });

  test('is what is in flight, and too little of it is noticed while points remain', () => {
    const events = [
      begun(1, 'a'),
      begun(1, 'b'),
      ended(3),
      begun(7, 'c'),
      ended(8),
      begun(9, 'd'),
      ended(10),
      ended(11),
    ];
    expect(widthIn(events, 2, 4)).toEqual({
      ids: ['a', 'b', 'c', 'd'],
      most: 2,
      narrow: [
        { fromMs: 1_000, toMs: 1_000 },
        { fromMs: 3_000, toMs: 7_000 },
        { fromMs: 8_000, toMs: 9_000 },
      ],
    });
    expect(widthIn([begun(1, 'a'), begun(2, 'b'), begun(2, 'c')], 2, 3).most).toBe(3);
  });

  test('does not count time in which nothing could go on', () => {
    const narrow = { fromMs: 1_000, toMs: 9_000 };
    expect(withoutMs(narrow, [])).toBe(8_000);
    expect(
      withoutMs(narrow, [
        { fromMs: 0, toMs: 2_000 },
        { fromMs: 5_000, toMs: 6_000 },
        { fromMs: 20_000, toMs: 30_000 },
      ]),
    ).toBe(6_000);
  });
});
