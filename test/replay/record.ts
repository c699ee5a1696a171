/**
 * Records the histories that test/replay replays and that are not there yet: `npm run record-histories`. Those that are there stay: every
 * change of workflow code must replay them. Delete one, on purpose, when it may break old runs because none are left.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { WorkflowHandle } from '@temporalio/client';
import type { WorkflowBundle } from '@temporalio/worker';
import { launchWorkflowType } from '../../contracts/messages.ts';
import { sweepWorkflowType } from '../../contracts/sweep-messages.ts';
import { controlTaskQueue } from '../../contracts/task-queues.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';
import { connectTemporal } from '../../workers/temporal.ts';
import { startScripted, type ScriptedAgent } from '../support/scripted-agent.ts';
import { servedQueue } from '../support/scripted-names.ts';
import { startTestServer } from '../support/temporal-server.ts';
import { withPatch } from './bundle-mutants.ts';
import { scenarios, type Scenario } from './scenarios.ts';
import { sweepScenarios, type SweepScenario } from './sweep-scenarios.ts';

const goodInput = {
  queue: servedQueue,
  source: { code: { digest: 'a'.repeat(64) } },
  entrypoint: ['python', 'train.py'],
};

/** Stack traces name paths of this machine. */
const withoutStacks = (key: string, value: unknown): unknown => (key === 'stackTrace' ? undefined : value);

const { home, settings, server } = await startTestServer();
const { client, connection, close } = await connectTemporal(settings.temporal, settings.entity);

/** Starts a workflow that is to be recorded. */
type Start = (agent: ScriptedAgent, workflowId: string) => Promise<WorkflowHandle>;

const startRun =
  ({ input, ask: _ask, ...script }: Scenario): Start =>
  (agent, workflowId) => {
    agent.script(workflowId, script);
    const args = [input ?? goodInput];
    return client.workflow.start(launchWorkflowType, { workflowId, taskQueue: controlTaskQueue, args });
  };

const startSweep =
  ({ accepted = {}, trials, args }: SweepScenario): Start =>
  (agent, workflowId) => {
    agent.scriptSweep(workflowId, accepted, trials);
    return client.workflow.start(sweepWorkflowType, { workflowId, taskQueue: controlTaskQueue, args });
  };

type Recording = { start: Start; ask: Scenario['ask'] };

const recordings = (): Record<string, Recording> => ({
  ...Object.fromEntries(Object.entries(scenarios).map(([name, one]) => [name, { start: startRun(one), ask: one.ask }])),
  ...Object.fromEntries(
    Object.entries(sweepScenarios).map(([name, one]) => [name, { start: startSweep(one), ask: one.ask }]),
  ),
});

async function record(
  folder: string,
  named: Readonly<Record<string, Recording>>,
  bundle?: WorkflowBundle,
): Promise<void> {
  await mkdir(new URL(folder, import.meta.url), { recursive: true });
  const file = (name: string): URL => new URL(`${folder}${name}.json`, import.meta.url);
  const missing = Object.entries(named).filter(([name]) => !existsSync(file(name)));
  const { agent, stop } = await startScripted(connection, client, settings.entity, bundle);
  for (const [workflowId, { start, ask }] of missing) {
    const handle = await start(agent, workflowId);
    await ask?.(handle);
    await handle.result().catch(() => undefined);
    const history: unknown = JSON.parse(historyToJSON(await handle.fetchHistory()));
    await writeFile(file(workflowId), `${JSON.stringify(history, withoutStacks, 1)}\n`);
  }
  await stop();
}

await record('./histories/', recordings());
await record(
  './histories/of-mutants/',
  { patched: { start: startRun(scenarios['success'] ?? { attempts: [] }), ask: undefined } },
  withPatch(await bundleWorkflows()),
);
await close();
await server.stop();
await rm(home, { recursive: true });
