import { expect, test } from 'vitest';
import type { QueueState } from '../../client/queue-state.ts';
import { whyQueueWaits, whyRunWaits } from '../../client/why-waits.ts';

const agent = (name: string, live: number, maxJobs?: number) => ({
  agent: name,
  alive: true,
  queues: ['gpu'],
  live,
  draining: false,
  ...(maxJobs === undefined ? {} : { maxJobs }),
});

const open: QueueState = {
  queue: 'gpu',
  agents: ['one'],
  waiting: 0,
  waitingByPriority: {},
  serving: [agent('one', 0, 2)],
  maxLive: undefined,
  placesTaken: 0,
};

const drained = {
  ...agent('two', 1, 4),
  draining: true,
  drain: { by: 'ada', reason: 'new disk', preempt: false, at: '' },
};

test.each<[string, Partial<QueueState>, string[]]>([
  ['a free place', {}, []],
  ['as many as come', { serving: [agent('one', 900)] }, []],
  ['agents that cannot be read', { serving: undefined }, []],
  ['nobody', { agents: [], serving: [] }, ['no agent serves queue gpu: start one with `relaunch agent -q gpu`']],
  ['full agents', { serving: [agent('one', 2, 2)] }, ['its agents have no place: one has 2 of 2 taken']],
  [
    'one full, one drained',
    { serving: [agent('one', 2, 2), drained] },
    ['its agents have no place: one has 2 of 2 taken, two is drained by ada (new disk)'],
  ],
  ['one full, one not', { serving: [agent('one', 2, 2), agent('two', 1, 2)] }, []],
  ['the limit', { maxLive: 3, placesTaken: 3 }, ['all 3 places of queue gpu (maxLive) are taken']],
  ['below the limit', { maxLive: 3, placesTaken: 2 }, []],
  [
    'paused, with nobody there',
    { paused: { by: 'eve', reason: 'fire' }, agents: [], serving: [] },
    ['queue gpu is paused by eve: fire', 'no agent serves queue gpu: start one with `relaunch agent -q gpu`'],
  ],
])('why a queue waits: %s', (_, state, why) => {
  expect(whyQueueWaits({ ...open, ...state })).toEqual(why);
});

const run = (workflowId: string, minute: number, user?: string) => ({
  workflowId,
  startedAt: new Date(2026, 0, 1, 0, minute),
  user,
});

const others = [run('a', 1, 'ada'), run('me', 2, 'bob'), run('b', 3, 'eve')];

test('why a run waits: those that came before it, and whose they are; of a requeued one, all', () => {
  const me = { ...run('me', 2), attempt: 1 };
  expect(whyRunWaits(open, { run: me, priorityKey: 3, others })).toEqual(['about 1 wait before it: runs of ada']);
  expect(whyRunWaits(open, { run: { ...me, attempt: 2 }, priorityKey: 3, others })).toEqual([
    'about 2 wait before it: runs of ada, eve',
  ]);
});

test('why a run waits: those of higher priority, whenever they came', () => {
  const state = { ...open, waitingByPriority: { '1': 4, '3': 9 } };
  const me = { ...run('me', 0), attempt: 1 };
  expect(whyRunWaits(state, { run: me, priorityKey: 3, others })).toEqual([
    'about 4 wait before it, 4 of them of higher priority',
  ]);
});

test('a run that nothing holds up is told so', () => {
  const why = whyRunWaits(open, { run: { ...run('me', 0), attempt: 1 }, priorityKey: 3, others: [] });
  expect(why).toEqual(['its turn is next: an agent takes it within seconds']);
});
