import { expect, test } from 'vitest';
import { PhaseClock } from '../../workflows/phase-clock.ts';

type Phase = 'waiting' | 'starting' | 'running';
const limits = { queue: 100, start: 50, run: 1_000 };

test.each<[string, [Phase, number][], number, object | undefined]>([
  ['waiting from the beginning counts against queue', [], 30, { phase: 'queue', inMs: 70 }],
  ['starting counts from the permit', [['starting', 80]], 90, { phase: 'start', inMs: 40 }],
  [
    'running counts from the first sight of it',
    [
      ['starting', 80],
      ['running', 120],
    ],
    220,
    { phase: 'run', inMs: 900 },
  ],
  ['a limit that has passed is due', [['starting', 0]], 60, { phase: 'start', inMs: -10 }],
  [
    'a submit that lost its agent starts anew',
    [
      ['starting', 10],
      ['starting', 50],
    ],
    60,
    { phase: 'start', inMs: 40 },
  ],
  [
    'it starts anew after the second loss, too',
    [
      ['starting', 10],
      ['starting', 50],
      ['starting', 90],
    ],
    90,
    { phase: 'start', inMs: 50 },
  ],
  [
    'a loss makes good what was spent on starting before, too',
    [
      ['starting', 0],
      ['waiting', 10],
      ['starting', 20],
      ['starting', 40],
    ],
    50,
    { phase: 'start', inMs: 40 },
  ],
  [
    'waiting between two times of starting is not starting',
    [
      ['starting', 0],
      ['waiting', 10],
      ['starting', 90],
    ],
    100,
    { phase: 'start', inMs: 30 },
  ],
  [
    'all waiting counts against queue',
    [
      ['starting', 40],
      ['waiting', 45],
    ],
    60,
    { phase: 'queue', inMs: 45 },
  ],
  ['running without a sight of starting', [['running', 20]], 20, { phase: 'run', inMs: 1_000 }],
  [
    'running is never left',
    [
      ['running', 20],
      ['starting', 30],
      ['waiting', 40],
      ['running', 50],
    ],
    60,
    { phase: 'run', inMs: 960 },
  ],
])('%s', (_, entered, now, due) => {
  const clock = new PhaseClock(0);
  for (const [phase, at] of entered) clock.enter(phase, at);
  expect(clock.due(limits, now)).toEqual(due);
});

test('a phase without a limit is never due', () => {
  const clock = new PhaseClock(0);
  expect(clock.due({ start: 5, run: 5 }, 1_000)).toBeUndefined();
  clock.enter('starting', 1_000);
  expect(clock.due({ queue: 5, run: 5 }, 2_000)).toBeUndefined();
  clock.enter('running', 2_000);
  expect(clock.due({ queue: 5, start: 5 }, 9_000)).toBeUndefined();
});

test('what waits for a limit learns of every change', () => {
  const clock = new PhaseClock(0);
  const versions = [clock.version];
  for (const phase of ['starting', 'starting', 'running', 'running'] as const) {
    clock.enter(phase, 1);
    versions.push(clock.version);
  }
  const [first, second, third, fourth, last] = versions;
  expect(new Set([first, second, third, fourth]).size).toBe(4);
  expect(last).toBe(fourth);
});
