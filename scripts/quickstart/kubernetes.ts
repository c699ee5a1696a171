import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect, type Relaunch, type Settings } from '../../client/index.ts';
import { portOrFree } from '../dev/ports.ts';
import { startServer } from '../dev/server.ts';
import { untilNamespace } from '../dev/until-namespace.ts';
import { temporalCli } from '../temporal-binaries.ts';
import { agentImage } from '../testbed/docker/agent-image.ts';
import { downDocker } from '../testbed/docker/down.ts';
import { isDockerUp, upDocker } from '../testbed/docker/up.ts';
import { gitServer } from '../testbed/git/server.ts';
import { Doorway } from '../testbed/kubernetes/doorway.ts';
import { downKubernetes } from '../testbed/kubernetes/down.ts';
import { Kubectl } from '../testbed/kubernetes/kubectl.ts';
import { isKubernetesUp, upKubernetes } from '../testbed/kubernetes/up.ts';
import { provideVolume } from '../testbed/kubernetes/volume.ts';
import { downS3 } from '../testbed/s3/down.ts';
import { isS3Up, upS3 } from '../testbed/s3/up.ts';
import type { Say } from '../testbed/timed.ts';
import { readTree } from '../testbed/trees.ts';
import { startAgentProcess } from './agent-process.ts';
import { builderFile, provideJobs, startInCluster } from './in-cluster.ts';
import { ownEnvironment } from './own-process.ts';
import type { Progress } from './progress.ts';
import type { TakeDown } from './take-down.ts';
import { example, type Interruption } from './train.ts';
import { interruptAfter, trainTwice } from './train-twice.ts';

const queue = 'k8s';
const repository = '/private/digits.git';
/** Nothing here takes so long once all is up, on any machine. */
const longestMs = 600_000;

export interface Mission {
  /** Empty. */
  home: string;
  progress: Progress;
  signal: AbortSignal;
  user: string;
  /** Whether it stays up until the signal. */
  keep: boolean;
  /** Takes what was brought up. */
  takeDown: TakeDown;
}

/**
 * The whole way on this machine, with nothing there before: agents in a cluster, a builder beside it, a store on S3, a private repository, a
 * registry that wants a password; a run that is evicted half-way. Answers whether all is as it should be.
 */
export async function missionOnKubernetes({ home, progress, signal, user, keep, takeDown }: Mission): Promise<boolean> {
  const say = (what: string): void => {
    progress.say(what);
  };
  const { docker, cluster, s3 } = await bringTestbeds(takeDown, say);
  signal.throwIfAborted();

  say('starting a Temporal server, and a git server with a private repository; building the image of the agents');
  const kubectl = new Kubectl(cluster);
  const doorway = await Doorway.open(kubectl);
  takeDown.later(() => {
    doorway.close();
  });
  const built = agentImage(docker, signal);
  built.catch(() => undefined);
  Object.assign(process.env, s3);
  const relaunch = await startTemporal(home, takeDown);
  const git = await gitServer(home, [doorway.address]);
  takeDown.later(() => git[Symbol.asyncDispose]());
  await (await git.create(repository)).commit(await readTree(example));
  const gitHost = await doorway.to(git.host);
  const jobs = `quickstart-${randomUUID().slice(0, 8)}`;
  takeDown.later(() => kubectl.removeNamespace(jobs));
  await provideJobs(kubectl, jobs, docker.registry.private.host);
  const volume = await provideVolume(kubectl, jobs, 'checkpoints');
  takeDown.later(() => volume.remove());
  const image = await built;

  say('starting agents and control in the cluster, of deploy/agent, and an agent beside it that only builds');
  const { dockerConfigDir } = docker.registry.private;
  const builder = await startAgentProcess(relaunch, builderFile([queue], docker, 'quickstart'), signal, {
    DOCKER_CONFIG: dockerConfigDir,
  });
  takeDown.later(() => builder.stop());
  const kubernetes = { namespace: jobs, checkpoints: { claimName: 'checkpoints' } };
  const agents = await startInCluster({
    ...{ kubectl, doorway, docker, s3, git, gitHost, jobs, image, settings: relaunch.settings },
    queues: { [queue]: { backend: 'kubernetes', gracePeriod: '10s', resourceArgs: { kubernetes } } },
  });
  takeDown.later(() => agents.stop());
  await agents.untilUp();
  signal.throwIfAborted();

  const url = `https://${gitHost}${repository}`;
  say(`relaunch launch -u ${url} -q ${queue} -E "python3 train.py"`);
  const patience = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
  const play = { relaunch, progress, signal: patience };
  const good = await trainTwice(play, { queue, source: { git: { url } }, user }, eviction(kubectl, jobs));
  if (keep && !signal.aborted) {
    say(`\nIt stays up until Ctrl-C. Use it with:\nexport ${wordsOf(relaunch.settings, s3, cluster.kubeconfig)}`);
    await once(signal, 'abort');
  }
  return good;
}

const eviction = (kubectl: Kubectl, jobs: string): Interruption => ({
  epoch: interruptAfter,
  words: 'evicting its pod, as a drain does',
  act: async ({ id }) => {
    const path = 'jsonpath={.items[0].metadata.name}';
    await kubectl.evict(jobs, await kubectl.run('-n', jobs, 'get', 'pods', '-l', `relaunch.dev/run=${id}`, '-o', path));
  },
});

/** Docker, Kubernetes and S3. What was up before stays so. */
async function bringTestbeds(takeDown: TakeDown, say: (what: string) => void) {
  const env = ownEnvironment(process.env);
  const bring = async <T>(
    what: string,
    isUp: (options: object) => Promise<boolean>,
    up: (options: { env: NodeJS.ProcessEnv; say: Say }) => Promise<T>,
    down: (options: { env: NodeJS.ProcessEnv; say: Say }) => Promise<unknown>,
  ): Promise<T> => {
    const options = {
      env,
      say: (line: string) => {
        say(`${what}: ${line}`);
      },
    };
    if (!(await isUp(options))) takeDown.later(() => down(options));
    return up(options);
  };
  const [docker, cluster, s3] = await Promise.all([
    bring('docker', isDockerUp, upDocker, downDocker),
    bring('kubernetes', isKubernetesUp, upKubernetes, downKubernetes),
    bring('s3', isS3Up, upS3, downS3),
  ]);
  const { RELAUNCH_STORE: _, ...ofS3 } = s3.env;
  return { docker, cluster, s3: ofS3 };
}

/** A server of its own, and a store that nobody has had. */
async function startTemporal(home: string, takeDown: TakeDown): Promise<Relaunch> {
  const [port, uiPort] = [await portOrFree(7_233), await portOrFree(8_233)];
  const entity = 'default';
  const database = join(home, 'temporal.db');
  const server = await startServer(await temporalCli(), home, { namespace: entity, port, uiPort, database });
  takeDown.later(() => server.stop());
  const settings: Settings = {
    ...{ home, entity, storeUrl: `s3://relaunch/quickstart-${randomUUID().slice(0, 8)}` },
    ...{ temporal: { address: `127.0.0.1:${String(port)}` }, uiUrl: `http://127.0.0.1:${String(uiPort)}` },
  };
  await untilNamespace(settings);
  const relaunch = await connect(settings);
  takeDown.later(async () => {
    const { store } = relaunch;
    for (const key of await store.list('')) await store.remove(key);
    await relaunch.close();
  });
  return relaunch;
}

function wordsOf({ storeUrl, temporal }: Settings, s3: Readonly<Record<string, string>>, kubeconfig: string): string {
  const env = { ...s3, RELAUNCH_STORE: storeUrl, TEMPORAL_ADDRESS: temporal.address, KUBECONFIG: kubeconfig };
  return Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
