import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pauseQueue, resumeQueue, trafficOf } from '../../client/index.ts';
import { until } from '../support/until.ts';
import { spreadOf, type Spread } from './statistics.ts';
import { withCluster, type Measuring } from './with-cluster.ts';

const queue = 'backlog';
const submitsAtOnce = 16;
const longestMs = 3_600_000;

/** From the end of a job, on an agent with one place and `backlog` runs that wait, to the start of the next, as the jobs say; in ms. */
export function measureTurns(backlog: number, samples: number, measuring: Measuring): Promise<Spread> {
  return withCluster({ [queue]: { gracePeriod: '2s' } }, measuring, async (cluster) => {
    const ledger = join(cluster.home, 'turns');
    await appendFile(ledger, '');
    const script = `date +%s%3N >>${ledger}; sleep 0.3; date +%s%3N >>${ledger}`;
    await cluster.agent('one', [queue], 1);
    await pauseQueue(cluster.relaunch, queue, { by: 'bench', reason: 'until all wait' });
    let left = backlog;
    const submit = async (): Promise<void> => {
      while (left-- > 0) await cluster.shell(queue, script);
    };
    await Promise.all(Array.from({ length: submitsAtOnce }, submit));
    const waiting = async (): Promise<number> => (await trafficOf(cluster.relaunch, queue)).waiting;
    measuring.say(`${String(backlog)} runs are submitted`);
    await until('all wait', async () => (await waiting()) >= backlog, longestMs, 2_000);
    await resumeQueue(cluster.relaunch, queue, 'bench');
    const times = async (): Promise<number[]> => (await readFile(ledger, 'utf8')).trim().split('\n').map(Number);
    await until('enough turns', async () => (await times()).length > 2 * (samples + 1), longestMs, 500);
    const all = await times();
    return spreadOf(Array.from({ length: samples }, (_, i) => (all[2 * i + 2] ?? NaN) - (all[2 * i + 1] ?? NaN)));
  });
}
