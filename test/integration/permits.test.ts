import { expect, test } from 'vitest';
import { changingMax } from '../soak/changing-max.ts';
import { limits } from '../soak/limits.ts';
import { manyLive } from '../soak/many-live.ts';
import { onePlace } from '../soak/one-place.ts';
import { permits } from '../soak/permits.ts';
import { play } from '../soak/scenario.ts';

const seed = 4;

test.concurrent(
  'two agents share three queues: never more than maxJobs live, also after a kill',
  { timeout: 300_000 },
  async () => {
    const { broken, counts } = await play(permits, { runs: 40, kills: 1, timed: false }, seed);
    expect(broken).toEqual([]);
    expect(Object.fromEntries(counts)).toMatchObject({
      runs: 40,
      'most live on left': '2 of 2',
      'most live on right': '4 of 4',
    });
  },
);

test.concurrent(
  'three agents share queues with limits: never more than maxLive in one, also after kills',
  { timeout: 300_000 },
  async () => {
    const { broken, counts } = await play(limits, { runs: 40, kills: 2 }, seed);
    expect(broken).toEqual([]);
    expect(Object.fromEntries(counts)).toMatchObject({
      runs: 40,
      'most live in one': '1 of 1',
      'most live in three': '3 of 3',
    });
  },
);

test.concurrent('one place, three queues: all are served, one run at a time', { timeout: 300_000 }, async () => {
  const { broken, counts } = await play(onePlace, { runsInEach: 4, timed: false }, seed);
  expect(broken).toEqual([]);
  expect(Object.fromEntries(counts)).toMatchObject({ runs: 12, 'most live on single': '1 of 1' });
});

test.concurrent('maxJobs of a living agent goes up and down, and live runs follow', { timeout: 300_000 }, async () => {
  const { broken, counts } = await play(changingMax, { maxima: [2, 4, 1] }, seed);
  expect(broken).toEqual([]);
  expect(counts.get('changes of maxJobs')).toBe(2);
});

test.concurrent('many live runs on one agent are all seen, and all cancelled', { timeout: 300_000 }, async () => {
  const { broken, counts } = await play(manyLive, { live: 20, measureMs: 2_000 }, seed);
  expect(broken).toEqual([]);
  expect(counts.get('live at once, seen in /proc')).toBe(20);
});
