/**
 * Records the histories that test/replay replays: `npm run record-histories`, on purpose, when a workflow change may break
 * old runs because none are left. A changed history is a reviewed diff; without one, a change must replay those that are here.
 */
import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { cancelSignal, launchWorkflowType, statusQuery } from '../../contracts/messages.ts';
import type { AttemptOutcome } from '../../contracts/outcome.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { connectTemporal } from '../../workers/temporal.ts';
import { servedQueue, startScripted, type Script } from '../support/scripted-agent.ts';
import { startTestServer } from '../support/temporal-server.ts';

const at = new Date(0).toISOString();
const succeeded: AttemptOutcome = { kind: 'succeeded', exitCode: 0, at };
const evicted: AttemptOutcome = { kind: 'preempted', reason: 'EvictionByEvictionAPI', by: 'cluster', at };
const failed: AttemptOutcome = { kind: 'failed', cause: 'exit-code', exitCode: 3, at };

const scripts: Record<string, Script & { cancel?: boolean }> = {
  success: { attempts: [succeeded], observes: true },
  'two-preemptions': { attempts: [evicted, evicted, succeeded], observes: true },
  'preemption-limit': { attempts: [evicted, evicted], plan: { requeue: { max: 1, on: ['EvictionByEvictionAPI'] } } },
  failure: { attempts: [failed] },
  cancel: { attempts: ['hold'], observes: true, cancel: true },
  'run-time-out': { attempts: ['hold'], observes: true, plan: { timeoutsMs: { queue: 60_000, run: 1_000 } } },
};

/** Stack traces name paths of this machine. */
const withoutStacks = (key: string, value: unknown): unknown => (key === 'stackTrace' ? undefined : value);

const { home, settings, server } = await startTestServer();
const { client, connection, close } = await connectTemporal(settings.temporal, settings.entity);
const { agent, stop } = await startScripted(connection, client);
for (const [workflowId, { cancel, ...script }] of Object.entries(scripts)) {
  agent.script(workflowId, script);
  const input = {
    queue: servedQueue,
    source: { code: { digest: 'a'.repeat(64) } },
    entrypoint: ['python', 'train.py'],
  };
  const handle = await client.workflow.start(launchWorkflowType, {
    workflowId,
    taskQueue: controlTaskQueue,
    args: [input],
  });
  if (cancel === true) {
    while ((await handle.query(statusQuery)).state !== 'running') await sleep(50);
    await handle.signal(cancelSignal, { by: 'ada', reason: 'wrong data' });
  }
  await handle.result().catch(() => undefined);
  const file = new URL(`./histories/${workflowId}.json`, import.meta.url);
  const history: unknown = JSON.parse(historyToJSON(await handle.fetchHistory()));
  await writeFile(file, `${JSON.stringify(history, withoutStacks, 1)}\n`);
}
await stop();
await close();
await server.stop();
await rm(home, { recursive: true });
