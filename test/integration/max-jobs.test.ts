import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { result } from '../../client/index.ts';
import { Cluster } from '../support/cluster.ts';

test(
  'never more than maxJobs live, counted by the jobs themselves, over 60 short runs on two queues',
  { timeout: 180_000 },
  async () => {
    const cluster = await Cluster.start({ a: {}, b: {} });
    try {
      const ledger = join(cluster.home, 'ledger');
      const job = (i: number): string =>
        `${lockedly(ledger, 'start')}; sleep 0.${String((i % 5) + 1)}; ${lockedly(ledger, 'end')}`;
      const runs = [];
      for (let i = 0; i < 60; i++) runs.push(await cluster.shell(i % 3 === 0 ? 'b' : 'a', job(i)));
      // Only now, so that there is a backlog: the places are the bound, not the submissions.
      await cluster.agent('one', ['a', 'b'], 3);
      const ends = await Promise.all(runs.map(({ workflowId }) => result(cluster.relaunch, workflowId)));
      expect(ends.map(({ state }) => state)).toEqual(Array(60).fill('succeeded'));
      expect(ends.flatMap(({ attempts }) => attempts)).toHaveLength(60);
      const marks = (await readFile(ledger, 'utf8')).trim().split('\n');
      expect(marks.filter((mark) => mark === 'start')).toHaveLength(60);
      let live = 0;
      const counts = marks.map((mark) => (live += mark === 'start' ? 1 : -1));
      expect(Math.max(...counts)).toBe(3);
      expect(live).toBe(0);
    } finally {
      await cluster.stop();
    }
  },
);

/** Appends under a lock that the kernel gives back when its holder dies. */
function lockedly(file: string, mark: string): string {
  return `flock ${file}.lock sh -c 'echo ${mark} >> ${file}'`;
}
