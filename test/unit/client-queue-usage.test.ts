import { expect, test } from 'vitest';
import { usageOf } from '../../client/queue-usage.ts';

type Used = Parameters<typeof usageOf>[0][number];

const at = (second: number): string => new Date(second * 1_000).toISOString();

const run = (user: string | undefined, more: Partial<Used>): Used => ({
  user,
  state: 'succeeded',
  startedAt: new Date(0),
  attempts: [],
  requeues: 0,
  ...more,
});

test('a queue’s usage: machine time from place to end, waits from the queue to the place, the first with all before it', () => {
  const preempted = [
    { attempt: 1, startedAt: at(2), placedAt: at(10), endedAt: at(40) },
    { attempt: 2, startedAt: at(41), placedAt: at(44), endedAt: at(50) },
  ];
  expect(usageOf([run('ada', { attempts: preempted, requeues: 1 })], 0)).toEqual([
    {
      user: 'ada',
      runs: 1,
      states: { succeeded: 1 },
      requeues: 1,
      machineMs: 36_000,
      waitedMs: { p50: 3_000, most: 10_000 },
    },
  ]);
});

test('who had most machine time comes first; what goes on counts until now; what nobody placed had none', () => {
  const users = usageOf(
    [
      run('bob', { attempts: [{ attempt: 1, startedAt: at(0), endedAt: at(9_000) }], state: 'cancelled' }),
      run('bob', { state: 'terminated' }),
      run('eve', { attempts: [{ attempt: 1, startedAt: at(0), placedAt: at(1) }], state: 'running' }),
      run(undefined, { attempts: [{ attempt: 1, startedAt: at(0), placedAt: at(1), endedAt: at(61) }] }),
    ],
    100_000,
  );
  expect(users.map(({ user, machineMs, waitedMs }) => [user, machineMs, waitedMs?.most])).toEqual([
    ['eve', 99_000, 1_000],
    [undefined, 60_000, 1_000],
    ['bob', 0, undefined],
  ]);
  expect(users[2]?.states).toEqual({ cancelled: 1, terminated: 1 });
});
