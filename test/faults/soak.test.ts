import { expect, test } from 'vitest';
import { deploys } from '../soak/deploys.ts';
import { leftovers } from '../soak/leftovers.ts';
import { randomKills } from '../soak/random-kills.ts';
import { play } from '../soak/scenario.ts';

const seed = 4;

// The one that waits longest for others comes first.
test.concurrent(
  'after runs that ended in every way, processes, files, sockets and polls are what they were before',
  { timeout: 400_000 },
  async () => {
    const { broken, counts } = await play(leftovers, { runs: 10, inFlight: 6 }, seed);
    expect(broken).toEqual([]);
    expect(counts.get('is deleted while running')).toBe(1);
  },
);

test.concurrent(
  'agents, control worker and server killed at random times: every run ends as it should, once',
  { timeout: 400_000 },
  async () => {
    const { broken, counts } = await play(randomKills, { kills: 6, inFlight: 6, mostRuns: 10 }, seed);
    expect(broken).toEqual([]);
    expect(Number(counts.get('kills of one')) + Number(counts.get('kills of two at once'))).toBe(6);
    expect(counts.get('runs')).toBeGreaterThanOrEqual(6);
  },
);

test.concurrent(
  'agents and control worker stopped and started under live runs: no attempt is spent, no line lost',
  { timeout: 400_000 },
  async () => {
    const { broken, counts } = await play(deploys, { live: 8, short: 12, rounds: 1 }, seed);
    expect(broken).toEqual([]);
    expect(Object.fromEntries(counts)).toMatchObject({ deploys: 6, runs: 20, attempts: 20 });
  },
);
