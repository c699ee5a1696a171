import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { agentActivities } from '../../activities/agent-activities.ts';
import { Attended } from '../../activities/attended.ts';
import type { AgentDependencies, Execution, OwnWorkflow } from '../../activities/dependencies.ts';
import { AgentSecrets } from '../../activities/secrets/agent-secrets.ts';
import type { AgentActivities } from '../../contracts/activities.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import type { Observation } from '../../contracts/messages.ts';
import { packDirectory } from '../../store/archive.ts';
import { keyOf } from '../../store/layout.ts';
import type { LogLine } from '../../store/log-format.ts';
import { readLogs } from '../../store/log-reader.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/store.ts';
import { JobGate } from '../../workers/gate.ts';
import { agent, callingWorkflow, queue, type Launched } from './activity-workflow.ts';
import { never, sh } from './backend-harness.ts';
import { makeTree } from '../../scripts/testbed/trees.ts';
import { processHarness, type ProcessHarness } from './process-harness.ts';

/** What the workflow is, and was told. */
interface RecordingWorkflow extends OwnWorkflow {
  observations: Observation[];
  /** What Temporal says of an execution, or of the latest. */
  known: (runId?: string) => Execution | undefined;
}

/** Agents on this host, over the real process backend and a real store in a scratch directory. */
export class ActivityHarness {
  readonly workflowState: RecordingWorkflow = {
    observations: [],
    known: () => ({ open: true, firstRunId: 'first' }),
    observed: (_workflowId, _runId, seen) => {
      this.workflowState.observations.push(seen);
      return Promise.resolve();
    },
    preempt: () => Promise.resolve(),
    find: (_workflowId, runId) => Promise.resolve(this.workflowState.known(runId)),
  };
  readonly gate = new JobGate(100, 4);
  readonly scratch: string;
  readonly store: Store;
  readonly processes: ProcessHarness;
  /** Of the code that runs are launched with. */
  readonly digest: string;

  constructor(scratch: string, store: Store, processes: ProcessHarness, digest: string) {
    this.scratch = scratch;
    this.store = store;
    this.processes = processes;
    this.digest = digest;
  }

  /** The activities of an agent on this host. */
  agent(more: Partial<AgentDependencies> = {}): AgentActivities {
    return agentActivities(this.needs(more));
  }

  /** What these stand on. */
  needs(more: Partial<AgentDependencies> = {}): AgentDependencies {
    return {
      agent,
      store: this.store,
      backends: [this.processes.backend],
      workplace: join(this.scratch, 'submits'),
      permits: this.gate,
      places: { enter: () => Promise.resolve(), leave: () => Promise.resolve() },
      attended: new Attended(),
      ownWorkflow: this.workflowState,
      images: { pin: (image) => Promise.resolve(image) },
      git: { pin: () => Promise.reject(new Error('this agent knows no repository')) },
      secrets: new AgentSecrets({ agent }),
      retentionMs: 86_400_000,
      reached: () => Promise.resolve(),
      ...more,
    };
  }

  writeQueue(yaml: string, name = queue): Promise<void> {
    return this.store.put(keyOf.queue(name), Buffer.from(yaml));
  }

  /** A spec whose job is a shell script. */
  spec(script = 'exit 0', more: Partial<LaunchSpecInput> = {}): LaunchSpecInput {
    return { queue, source: { code: { digest: this.digest } }, entrypoint: sh(script), ...more };
  }

  workflow(workflowId = `run-${randomUUID().slice(0, 8)}`, activities = this.agent()): Launched {
    return callingWorkflow(workflowId, activities);
  }

  /** A run that is resolved; its job is a shell script. */
  async launched(script: string, activities = this.agent(), more: Partial<LaunchSpecInput> = {}): Promise<Launched> {
    const run = this.workflow(undefined, activities);
    await run.resolve(this.spec(script, more));
    return run;
  }

  /** A run that is resolved, and its first attempt submitted. */
  async begun(script: string, activities = this.agent(), more: Partial<LaunchSpecInput> = {}): Promise<Launched> {
    const run = await this.launched(script, activities, more);
    await run.submit();
    return run;
  }

  /** A JSON object of the store. */
  async json(key: string): Promise<unknown> {
    const object = await this.store.get(key);
    return object === undefined ? undefined : JSON.parse(Buffer.from(object.bytes).toString());
  }

  /** Resolves when a job has said a word. */
  said(run: Launched, word: string): Promise<void> {
    const path = this.processes.path(run.ref(), 'stdout');
    return expect.poll(() => readFileSync(path, 'utf8'), { timeout: 10_000 }).toContain(word);
  }

  lines({ run }: { run: string }, attempt = 1): Promise<LogLine[]> {
    return Array.fromAsync(readLogs(this.store, run, attempt));
  }

  /** What a job wrote to its standard output, as it is stored. */
  async texts(run: { run: string }): Promise<string[]> {
    return (await this.lines(run)).filter(({ s }) => s === 'stdout').map(({ m }) => m);
  }

  async cleanup(): Promise<void> {
    for (const name of [agent, 'other']) {
      for (const { ref } of await this.processes.backend.list(name)) await this.processes.backend.release(ref, never);
    }
    await this.processes.cleanup();
    await rm(this.scratch, { recursive: true, force: true });
  }
}

export async function activityHarness(): Promise<ActivityHarness> {
  const scratch = await mkdtemp(join(tmpdir(), 'relaunch-activities-'));
  await makeTree(join(scratch, 'code'), { marker: 'unpacked' });
  const { digest, bytes } = await packDirectory(join(scratch, 'code'));
  const store = openStore(pathToFileURL(join(scratch, 'store')).href);
  await store.put(keyOf.code(digest), bytes);
  const harness = new ActivityHarness(scratch, store, await processHarness(), digest);
  await harness.writeQueue('backend: process\ngracePeriod: 10s\n');
  return harness;
}
