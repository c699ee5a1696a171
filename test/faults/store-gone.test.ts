import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { preempt, result, show } from '../../client/index.ts';
import { Cluster } from '../support/cluster.ts';
import { untilFollowed } from '../support/run-watch.ts';
import { until } from '../support/until.ts';

/** Longer than the agent renews its lease, and than the first retries take. */
const goneMs = 20_000;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start({ laptop: { gracePeriod: '2s' } });
}, 120_000);

afterAll(() => cluster.stop());

test(
  'a store that is gone after a preemption delays the requeue and changes nothing',
  { timeout: 120_000 },
  async () => {
    const agent = await cluster.hookedAgent('one', ['laptop'], { at: 'await:after-record', do: 'hold' });
    const starts = join(cluster.home, 'starts');
    const job = `echo $RELAUNCH_ATTEMPT >> ${starts}; trap 'exit 143' TERM; [ $RELAUNCH_ATTEMPT -gt 1 ] || while :; do sleep 0.1; done`;
    const { workflowId } = await cluster.shell('laptop', job);
    await untilFollowed(cluster, workflowId);
    await until('the job starts', async () => (await readFile(starts, 'utf8')) !== '');
    await preempt(cluster.relaunch, workflowId, { by: 'ada' });
    await until('the verdict is recorded', async () => (await cluster.reached('one')) === 1);

    const store = fileURLToPath(cluster.relaunch.settings.storeUrl);
    await rename(store, `${store}.away`);
    await cluster.letGo('one');
    await sleep(goneMs);
    const { troubles } = await show(cluster.relaunch, workflowId);
    expect(troubles).toMatchObject([{ activity: 'submitAttempt' }]);
    expect(troubles[0]?.message).toContain(store);
    await rename(`${store}.away`, store);

    expect(await result(cluster.relaunch, workflowId)).toMatchObject({
      state: 'succeeded',
      requeues: 1,
      attempts: [
        { outcome: { kind: 'preempted', reason: 'requested', by: 'ada' } },
        { outcome: { kind: 'succeeded' } },
      ],
    });
    expect(await readFile(starts, 'utf8')).toBe('1\n2\n');
    agent.child.kill('SIGTERM');
    expect(await agent.exited).toBe(0);
  },
);
