import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker, type Logger, type WorkerOptions } from '@temporalio/worker';
import { agentActivities } from '../activities/agent-activities.ts';
import { ImagePins } from '../activities/images/pins.ts';
import { agentRegistry } from '../activities/images/registry/agent-registry.ts';
import { createBackends, type BackendKillPoint } from '../activities/backends/registry.ts';
import { checkHosts, type GitSettings } from '../activities/sources/git/access.ts';
import { AgentSecrets, type AgentSecretsOptions } from '../activities/secrets/agent-secrets.ts';
import { GitSources } from '../activities/sources/git/git-sources.ts';
import type { AttemptRef, Backend } from '../activities/backends/backend.ts';
import { Attended } from '../activities/attended.ts';
import type { AgentDependencies, KillPoint } from '../activities/dependencies.ts';
import type { AgentSpec } from '../contracts/agent-spec.ts';
import { agentTaskQueue, ioTaskQueue, resolveTaskQueue, submitTaskQueue } from '../contracts/task-queues.ts';
import { dropAgentLease, renewAgentLease, renewLeaseMs, takeAgentLease } from '../store/agent-lease.ts';
import { claimStore } from '../store/entity-record.ts';
import { openStore } from '../store/open-store.ts';
import { readQueue } from '../store/queues.ts';
import { builderOf, mountingOf, pullSecretsOf, registriesOf } from './agent-images.ts';
import { AgentPlaces } from './agent-places.ts';
import { builderWorkers } from './builder-workers.ts';
import { checkQueues } from './check-queues.ts';
import { orphans, recount } from './count-attempts.ts';
import { Drain } from './drain.ts';
import { JobGate, tunerOf } from './gate.ts';
import { Janitor } from './janitor.ts';
import { describeNamespace } from './namespace.ts';
import { ownWorkflow } from './own-workflow.ts';
import { repeat } from './repeat.ts';
import type { RunningWorker } from './running-worker.ts';
import { activityConverter, connectTemporal, type TemporalAddress } from './temporal.ts';

export interface AgentOptions {
  /** How to reach Temporal. */
  temporal: TemporalAddress;
  /** The entity. */
  namespace: string;
  /** One living agent has this name. */
  name: string;
  /** Which it serves. They must exist, where it starts runs. */
  queues: readonly string[];
  /** The most live attempts over all its queues. Infinity: as many as come; 0: it makes images for them, and needs none of their backends. */
  maxJobs: number;
  /** Where host-bound backends keep their attempts. */
  home: string;
  storeUrl: string;
  /** Of queues that come before those of the store. */
  queueDirectory?: string | undefined;
  /** The environment that jobs on this host inherit: never the agent's own. */
  baseEnv: Readonly<Record<string, string>>;
  /** Which Docker Engine it reaches, and where Docker's config.json is. Default: this host's own, and ~/.docker. */
  docker?: { host?: string | undefined; configDirectory?: string | undefined };
  /** Which clusters it reaches. Default: the one that kubectl would. */
  kubernetes?: AgentSpec['kubernetes'];
  /** How it gets code into containers. Default: that is left to others. */
  builder?: AgentSpec['builder'];
  registries?: AgentSpec['registries'];
  /** What it has for jobs; default: nothing. */
  secrets?: Pick<AgentSecretsOptions, 'directory' | 'environment'>;
  /** Git servers that it knows. */
  git?: GitSettings;
  logger: Logger;
  /** Calls off the wait for its name. */
  signal?: AbortSignal;
  /** Instead of this host's; for benchmarks. */
  backends?: readonly Backend[];
  /** For fault tests. */
  reached?: (point: KillPoint | BackendKillPoint) => Promise<void>;
}

/** Polls that one queue may have open: enough to start jobs in a burst, few enough to leave permits to other queues. */
const submitPollers = 4;
const recountMs = 2_000;
/** After a change that the backend tells; more of them are counted at once. */
const recountSoonMs = 200;
/** How often it looks for attempts of agents that are gone. */
const standInMs = 30_000;
/** How soon a changed limit of a queue holds, and a drain. */
const readWishesMs = 4_000;
const tidyRunsMs = 10_000;
/** It asks Temporal about each sweep that there is a record of. */
const tidySweepsMs = 60_000;
/** How soon a submit learns that it is to end. */
const submitHeartbeatMs = 1_000;
/** A submit that is under way gets this long to come to its end at a shutdown. */
const submitGraceMs = 5_000;

/** Serves queues with this host's backends. @throws RelaunchError where a queue does not exist, its backend is not there, or the name is taken */
export async function startAgent(options: AgentOptions): Promise<RunningWorker & { gate: JobGate }> {
  const { name, logger, namespace, home, baseEnv } = options;
  const queues = options.maxJobs === 0 ? [] : options.queues;
  const { git = { hosts: {}, env: baseEnv } } = options;
  await checkHosts(git);
  const secrets = new AgentSecrets({
    ...options.secrets,
    agent: name,
    warn: (message) => {
      logger.warn(message);
    },
  });
  await secrets.check();
  const store = openStore(options.storeUrl, options.queueDirectory);
  for (const queue of queues) await readQueue(store, queue);
  const { client, connection, close } = await connectTemporal(options.temporal, namespace);
  const { id: namespaceId, retentionMs } = await describeNamespace(client, namespace);
  let changed = (): void => undefined;
  const kubernetes = {
    ...options.kubernetes,
    owner: namespaceId,
    changed: () => {
      changed();
    },
    pullSecrets: pullSecretsOf(registriesOf(options)),
    reached: options.reached,
    failed: warn(logger, 'a watch of Kubernetes failed'),
  };
  const docker = { ...options.docker, owner: namespaceId, reached: options.reached };
  const backends =
    options.maxJobs === 0 ? [] : (options.backends ?? createBackends({ home, baseEnv, docker, kubernetes }));
  const letGo = async (): Promise<void> => {
    for (const backend of backends) backend.close();
    await close();
  };
  try {
    await checkQueues(store, queues, backends);
    const waits = (): void => {
      logger.info('the name was in use less than a minute ago: waiting until its holder renews it, or does not', {
        agent: name,
      });
    };
    await takeAgentLease(store, name, { waits, signal: options.signal });
    await claimStore(store, { namespace, namespaceId });
  } catch (error) {
    await letGo();
    throw error;
  }
  const gate = new JobGate(options.maxJobs, submitPollers);
  const [workplace, fetches] = [join(home, 'submits', name), join(home, 'fetches', name)];
  for (const left of [workplace, fetches]) await rm(left, { recursive: true, force: true, maxRetries: 3 });
  const own = ownWorkflow(client);
  const discreet = options.temporal.codec?.encrypts === true;
  const places = new AgentPlaces(
    { agent: name, store, ownWorkflow: own, backends, namespace, client, logger, discreet },
    queues,
    gate,
  );
  const drain = new Drain({ agent: name, store, ownWorkflow: own }, { queues, maxJobs: options.maxJobs, gate, logger });
  await places.readLimits();
  const needs: AgentDependencies = {
    agent: name,
    store,
    backends,
    mounting: mountingOf(options.builder),
    workplace,
    permits: gate,
    places,
    attended: new Attended(),
    ownWorkflow: own,
    git: new GitSources(store, { workplace: fetches, ...git }),
    secrets,
    images: new ImagePins(agentRegistry({ ...registriesOf(options), patienceMs: 0 })),
    retentionMs,
    reached: options.reached ?? (() => Promise.resolve()),
  };
  const janitor = new Janitor(needs, client, { namespace, queues, logger });
  await recount(gate, backends, name);
  await drain.look([]);

  const activities = agentActivities(needs);
  const dataConverter = activityConverter(options.temporal);
  const create = (taskQueue: string, more: Partial<WorkerOptions>): Promise<Worker> =>
    Worker.create({ connection, namespace, taskQueue, activities, dataConverter, ...more });
  const { lanes } = places;
  const submits = await Promise.all(queues.map((queue, i) => create(submitTaskQueue(queue), gated(lanes[i]))));
  const others = await Promise.all([
    ...queues.flatMap((queue) => [create(resolveTaskQueue(queue), wide), create(ioTaskQueue(queue), wide)]),
    create(agentTaskQueue(name), wide),
  ]);
  const builder = await builderOf(options, store);
  if (builder !== undefined)
    others.push(...(await builderWorkers(create, { ...needs, builder }, options.queues, builder.settings.maxBuilds)));
  const { queues: served, maxJobs } = options;
  logger.info('agent serves', { agent: name, queues: served, maxJobs, live: gate.live, store: store.url });

  const stop = (): void => {
    for (const worker of [...submits, ...others]) shutDown(worker);
  };
  const renew = async (): Promise<void> => {
    if (await renewAgentLease(store, name)) return;
    logger.error('another agent took this name: stopping', { agent: name });
    stop();
  };
  const stopping = new AbortController();
  // An attempt that another agent follows ends here, too, as soon as the backend says so.
  let recounting: NodeJS.Timeout | undefined;
  changed = () => {
    recounting ??= setTimeout(() => {
      recounting = undefined;
      recount(gate, backends, name).catch(warn(logger, 'could not count attempts'));
    }, recountSoonMs);
  };
  let live: AttemptRef[] = [];
  const count = async (): Promise<void> => {
    const found = await recount(gate, backends, name);
    void janitor.tidyAttempts(found, stopping.signal);
    live = found.filter((one) => one.live).map(({ ref }) => ref);
    await places.tidy(live);
  };
  const standIn = async (): Promise<void> => {
    const found = await orphans(store, backends, name);
    places.seenElsewhere(found.filter(({ live }) => live).map(({ ref }) => ref));
    await janitor.tidyAttempts(found, stopping.signal);
  };
  const chores = [
    repeat(recountMs, count, warn(logger, 'could not count attempts')),
    repeat(readWishesMs, () => places.readLimits(), warn(logger, 'could not read the limits of queues')),
    repeat(readWishesMs, () => drain.look(live), warn(logger, 'could not see whether to drain')),
    repeat(standInMs, standIn, warn(logger, 'could not tidy attempts of other agents')),
    repeat(tidyRunsMs, () => janitor.tidyRuns(), warn(logger, 'could not tidy runs')),
    repeat(tidySweepsMs, () => janitor.tidySweeps(), warn(logger, 'could not tidy sweeps')),
    repeat(renewLeaseMs, renew, warn(logger, 'could not renew the lease')),
  ];
  const running = [
    ...submits.map((worker, i) => worker.run().finally(() => lanes[i]?.drop())),
    ...others.map((worker) => worker.run()),
  ];
  // One that fails takes the others with it: half an agent helps nobody.
  const stopped = Promise.all(
    running.map((run) =>
      run.catch((error: unknown) => {
        stop();
        throw error;
      }),
    ),
  );
  return {
    gate,
    stop,
    drain: () => {
      for (const worker of submits) shutDown(worker);
    },
    stopped: stopped
      .then(() => undefined)
      .finally(async () => {
        await Promise.allSettled(running);
        stopping.abort();
        changed = () => undefined;
        clearTimeout(recounting);
        await Promise.all(chores.map((callOff) => callOff()));
        await places.close();
        await drain.close();
        await dropAgentLease(store, name);
        await letGo();
      }),
  };
}

/** Following costs nearly nothing: as many as there may ever be. */
const wide: Partial<WorkerOptions> = {
  maxConcurrentActivityTaskExecutions: 10_000,
  activityTaskPollerBehavior: { type: 'autoscaling', minimum: 1, maximum: 10, initial: 2 },
};

function gated(lane: ReturnType<JobGate['lane']> | undefined): Partial<WorkerOptions> {
  if (lane === undefined) throw new TypeError('a lane for each queue');
  return {
    tuner: tunerOf(lane.supplier),
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: submitPollers },
    shutdownGraceTime: submitGraceMs,
    maxHeartbeatThrottleInterval: submitHeartbeatMs,
  };
}

function shutDown(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}

const warn =
  (logger: Logger, message: string) =>
  (error: unknown): void => {
    logger.warn(message, { error });
  };
