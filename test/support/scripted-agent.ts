import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { type NativeConnection, Worker, type WorkerOptions, type WorkflowBundle } from '@temporalio/worker';
import { controlActivities } from '../../activities/control-activities.ts';
import type { AgentActivities, BuilderActivities, Built, StopArgument } from '../../contracts/activities.ts';
import { nameOutcome } from '../../contracts/asked-outcome.ts';
import { observedSignal } from '../../contracts/messages.ts';
import type { AttemptOutcome } from '../../contracts/outcome.ts';
import { sweepIdOf } from '../../contracts/names.ts';
import type { PlanSummary } from '../../contracts/plan.ts';
import type { SweepSummary } from '../../contracts/sweep-plan.ts';
import {
  agentTaskQueue,
  builderTaskQueue,
  buildTaskQueue,
  controlTaskQueue,
  ioTaskQueue,
  resolveTaskQueue,
  submitTaskQueue,
} from '../../contracts/task-queues.ts';
import { payloadConverterPath } from '../../workers/bundle.ts';
import { createLogger, installRuntime } from '../../workers/logger.ts';
import { agentName, servedQueue, unservedQueue } from './scripted-names.ts';
import { workflowBundle } from './workflow-bundle.ts';

installRuntime(createLogger('error'));

/** What every build comes to. */
export const builtImage = `registry.test/train@sha256:${'b'.repeat(64)}`;

/** What a test wants of one run. */
export interface Script {
  plan?: Partial<PlanSummary>;
  /**
   * How its attempts end, in order. `hold`: it runs until it is stopped. `silent`: the same, but await cannot tell afterwards.
   * `never`: submit does not get through. These two fail and are tried again a day later, since time is not skipped under a pending activity.
   * `gone`: the agent that took it is never seen again.
   */
  attempts: (AttemptOutcome | 'hold' | 'silent' | 'never' | 'gone')[];
  /**
   * How its builds go, in order; none: it needs no image. `there`: the registry has it. `pushed`: it is pushed. `gone`: the builder is
   * never seen again. `hold`: until it is cancelled.
   */
  builds?: ('there' | 'pushed' | 'gone' | 'hold' | ApplicationFailure)[];
  /** False: resolve does not get through either. */
  resolves?: boolean;
  /** Whether await says that the attempt runs. */
  observes?: boolean;
}

/** What an agent was asked to do for one run. */
export interface Heard {
  builds: number;
  submits: number[];
  stops: StopArgument[];
  releases: StopArgument[];
}

/** An agent whose attempts end as each test says: the workflow is real, the server is real, only the jobs are made up. */
export class ScriptedAgent {
  readonly #client: Client;
  readonly #scripts = new Map<string, Script>();
  readonly #heard = new Map<string, Heard>();
  readonly #sweeps = new Map<string, { accepted: Partial<SweepSummary>; trials: Script | undefined }>();
  readonly #stopped = new Map<string, StopArgument>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** A sweep that is accepted with 2 workers of at most 8, unless `accepted` says otherwise; and what its agent does for each trial. */
  scriptSweep(workflowId: string, accepted: Partial<SweepSummary>, trials?: Script): void {
    this.#sweeps.set(workflowId, { accepted, trials });
  }

  script(workflowId: string, script: Script): void {
    this.#scripts.set(workflowId, script);
  }

  heard(workflowId: string): Heard {
    if (this.#scriptOf(workflowId) === undefined) throw new Error(`no script for ${workflowId}`);
    const heard = this.#heard.get(workflowId) ?? { builds: 0, submits: [], stops: [], releases: [] };
    this.#heard.set(workflowId, heard);
    return heard;
  }

  #scriptOf(workflowId: string): Script | undefined {
    const sweep = [...this.#sweeps.keys()].find((id) => workflowId.startsWith(`${id}-`));
    return this.#scripts.get(workflowId) ?? this.#sweeps.get(sweep ?? '')?.trials;
  }

  activities(): AgentActivities & BuilderActivities {
    return {
      resolveLaunch: () => {
        if (this.#scriptOf(caller())?.resolves === false) throw tomorrow();
        return Promise.resolve(this.#plan());
      },
      resolveSweep: () => Promise.resolve(this.#sweep()),
      buildImage: () => this.#build(),
      pushImage: () => Promise.resolve({ image: builtImage }),
      submitAttempt: ({ attempt }) => {
        const ends = this.#scriptOf(caller())?.attempts[attempt - 1];
        if (ends === 'never') throw tomorrow();
        this.heard(caller()).submits.push(attempt);
        const agent = ends === 'gone' ? 'gone' : agentName;
        return Promise.resolve({ follow: agentTaskQueue(agent), agent });
      },
      awaitAttempt: ({ attempt }) => this.#await(attempt),
      stopAttempt: (argument) => {
        this.heard(caller()).stops.push(argument);
        this.#stopped.set(`${caller()}/${String(argument.attempt)}`, argument);
        return Promise.resolve();
      },
      releaseAttempt: (argument) => {
        this.heard(caller()).releases.push(argument);
        return Promise.resolve({ end: { outcome: nameOutcome(vanished(), argument, []), summary: {} } });
      },
    };
  }

  #plan(): PlanSummary {
    const workflowId = caller();
    return {
      run: workflowId,
      name: 'train',
      project: 'p',
      queue: activityInfo().taskQueue.split('/')[1] ?? '',
      backend: 'process',
      requeue: { max: 5, on: ['EvictionByEvictionAPI', 'PreemptionByScheduler', 'TerminationByKubelet'] },
      retries: 0,
      gracePeriodMs: 1_000,
      timeoutsMs: {},
      agentTimeoutMs: 600_000,
      priorityKey: 3,
      ...(this.#scriptOf(workflowId)?.builds === undefined ? {} : { needsImage: true }),
      ...this.#scriptOf(workflowId)?.plan,
    };
  }

  #sweep(): SweepSummary {
    const source = { code: { digest: 'a'.repeat(64) } };
    return {
      sweep: sweepIdOf(caller()),
      numWorkers: 2,
      maxWorkers: 8,
      source,
      ...this.#sweeps.get(caller())?.accepted,
    };
  }

  async #build(): Promise<Built> {
    const how = this.#scriptOf(caller())?.builds?.[this.heard(caller()).builds++] ?? 'hold';
    if (how instanceof ApplicationFailure) throw how;
    if (how === 'there') return { image: builtImage };
    if (how !== 'hold') return { push: builderTaskQueue(how === 'gone' ? 'gone' : agentName) };
    for (;;) {
      heartbeat();
      await pause(cancellationSignal(), 20);
    }
  }

  async #await(attempt: number) {
    const workflowId = caller();
    const script = this.#scriptOf(workflowId);
    const ends = script?.attempts[attempt - 1] ?? 'hold';
    if (script?.observes === true) {
      const handle = this.#client.workflow.getHandle(workflowId);
      await handle.signal(observedSignal, { attempt, phase: 'running', node: 'n1' });
    }
    if (typeof ends === 'object') return { outcome: ends, summary: { loss: { last: 1 / attempt, min: 0, max: 1 } } };
    for (;;) {
      const asked = this.#stopped.get(`${workflowId}/${String(attempt)}`);
      if (asked !== undefined && ends === 'silent') throw tomorrow();
      if (asked !== undefined) return { outcome: nameOutcome(vanished(), asked, []), summary: {} };
      heartbeat();
      await pause(cancellationSignal(), 20);
    }
  }
}

const caller = (): string => activityInfo().workflowExecution?.workflowId ?? '';

const vanished = (): AttemptOutcome => ({ kind: 'lost', reason: 'vanished', at: new Date(0).toISOString() });

/** Not after a day: with a time-out of days the last retry would be due as it ends, and be cancelled before anybody takes it. */
const tomorrow = (): ApplicationFailure =>
  ApplicationFailure.create({ type: 'BackendUnavailable', message: 'not today', nextRetryDelay: '25h' });

function pause(signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    setTimeout(resolve, ms);
  });
}

/** Runs the real workflows, or those of another bundle, with a scripted agent, until `stop`. */
export async function startScripted(
  connection: NativeConnection,
  client: Client,
  namespace = 'default',
  bundle?: WorkflowBundle,
): Promise<{ agent: ScriptedAgent; stop(): Promise<void> }> {
  const agent = new ScriptedAgent(client);
  const activities = agent.activities();
  const create = (taskQueue: string, more: Partial<WorkerOptions>) =>
    Worker.create({
      connection,
      namespace,
      taskQueue,
      dataConverter: { payloadConverterPath },

      ...more,
    });
  const control = controlActivities(async (workflowId, runId) => {
    await client.workflow.getHandle(workflowId, runId).cancel();
  });
  const workers = await Promise.all([
    create(controlTaskQueue, {
      workflowBundle: bundle ?? (await workflowBundle()),
      activities: control,
    }),
    ...[
      resolveTaskQueue(servedQueue),
      submitTaskQueue(servedQueue),
      ioTaskQueue(servedQueue),
      agentTaskQueue(agentName),
    ].map((queue) => create(queue, { activities })),
    ...[buildTaskQueue(servedQueue), builderTaskQueue(agentName)].map((queue) =>
      create(queue, { activities, maxHeartbeatThrottleInterval: 100 }),
    ),
    ...[resolveTaskQueue(unservedQueue), ioTaskQueue(unservedQueue)].map((queue) => create(queue, { activities })),
  ]);
  const runs = workers.map((worker) => worker.run());
  return {
    agent,
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(runs);
    },
  };
}
