import { expect, test } from 'vitest';
import { play } from '../soak/scenario.ts';
import { countedSweep } from '../soak/sweep.ts';

test(
  'preempted, failing, with agents and the server killed: each point is a trial once, and never more at once than workers',
  { timeout: 400_000 },
  async () => {
    const sizes = { trials: 200, numWorkers: 8, kills: 4, preemptions: 20, narrowMs: 10_000 };
    const { broken, counts } = await play(countedSweep, sizes, 6);
    expect(broken).toEqual([]);
    expect(counts.get('trials')).toBe(200);
    expect(counts.get('preemptions asked for')).toBeGreaterThan(5);
  },
);
