import { connectApi } from './api.ts';
import { build, type Binaries } from './build.ts';
import { makeCertificates } from './certificates.ts';
import { startControlPlane } from './control-plane.ts';
import { checkGivenCluster } from './given-cluster.ts';
import { startKwok } from './kwok.ts';
import { oneAtATime } from '../lock.ts';
import { announceShutdown } from './logind.ts';
import { settle, type TestbedOptions } from '../options.ts';
import { installPackages } from './packages.ts';
import { kill, pidOf } from '../part.ts';
import { auditLogOf, kubeconfigOf, kubernetes, type PartName } from './place.ts';
import { assertCanBeNode, startRealNode } from './real-node.ts';
import { claimPlace, readPlace } from '../record.ts';
import { timed, type Say } from '../timed.ts';
import { unavailable } from '../unavailable.ts';

export interface UpOptions extends TestbedOptions {
  /** A multiple of 100; another one for each testbed on a machine. Default: 26400. */
  basePort?: number | undefined;
  /** Nodes that kwok plays, beside the real one. Default: 20. */
  kwokNodes?: number | undefined;
}

/** A Kubernetes that answers. */
export interface Testbed {
  kubeconfig: string;
  /** One JSON line for each request that its API server answered. None where the cluster is not ours, like the next two. */
  auditLog?: string;
  stateDir?: string;
  kubectl?: string;
  /** SIGKILL; resolves when the process is gone. `upKubernetes` starts it again. */
  kill(part: PartName): Promise<void>;
  /** Tells the kubelet of the real node that its machine is about to shut down, or that it is not, after all. */
  announceShutdown(active: boolean): Promise<void>;
}

/** Whether one of ours runs in a directory already. */
export async function isKubernetesUp(options: TestbedOptions = {}): Promise<boolean> {
  const place = await readPlace(kubernetes, settle(kubernetes, options).stateDir);
  return place !== undefined && (await pidOf(place, 'apiserver')) !== undefined;
}

/** Brings what a machine lacks, and starts nothing. @throws RelaunchError */
export async function prepareKubernetes(options: TestbedOptions = {}): Promise<void> {
  const { env, cache, say } = settle(kubernetes, options);
  if (env['RELAUNCH_TEST_KUBECONFIG']) return;
  assertCanBeNode();
  await oneAtATime(cache, say, () => provide(cache, say));
}

async function provide(cache: string, say: Say): Promise<Binaries> {
  const binaries = await build(cache, say);
  await timed(say, 'packages checked', () => installPackages(say));
  return binaries;
}

/**
 * Brings up a real Kubernetes on loopback: a control plane, nodes that kwok plays, and this machine as a node with containerd and kubelet.
 * Starts what does not run, and nothing twice: also what was killed. Where RELAUNCH_TEST_KUBECONFIG names a cluster, that one is taken instead.
 * @throws RelaunchError
 */
export async function upKubernetes(options: UpOptions = {}): Promise<Testbed> {
  const { env, cache, stateDir, say } = settle(kubernetes, options);
  const given = env['RELAUNCH_TEST_KUBECONFIG'];
  if (given) {
    await checkGivenCluster(given);
    const notOurs = (what: string): Promise<never> =>
      Promise.reject(unavailable(`${what} of the cluster in ${given} is not ours to end`));
    return { kubeconfig: given, kill: notOurs, announceShutdown: () => notOurs('the node') };
  }
  assertCanBeNode();
  return oneAtATime(cache, say, async () => {
    const binaries = await provide(cache, say);
    const place = await claimPlace(kubernetes, stateDir, options.basePort);
    await makeCertificates(place);
    const api = await connectApi(place);
    await timed(say, 'control plane is ready', () => startControlPlane(place, binaries, api));
    await timed(say, 'kwok is ready', () => startKwok(place, binaries, api, options.kwokNodes ?? 20));
    await timed(say, 'real node is ready', () => startRealNode(place, binaries, api, say));
    return {
      kubeconfig: kubeconfigOf(place),
      auditLog: auditLogOf(place),
      stateDir: place.stateDir,
      kubectl: binaries.kubectl,
      kill: (part) => kill(place, part),
      announceShutdown: (active) => announceShutdown(place, active),
    };
  });
}
