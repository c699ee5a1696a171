import { RelaunchError } from '../../../contracts/failures.ts';
import type { Backend, Listed } from '../backend.ts';
import { Clusters, type KubernetesOptions } from './clusters.ts';
import { CodeVolumes } from './code-volumes.ts';
import { followAttempt } from './follow.ts';
import { hasEnded, isSingle, isStopped } from './job-state.ts';
import { holds, isTerminal } from './objects.ts';
import type { Place, Seen } from './place.ts';
import { PullSecrets } from './pull-secrets.ts';
import { annotation } from './labels.ts';
import { checkKubernetesArgs, parseKubernetesArgs } from './queue-args.ts';
import { releaseAttempt } from './release.ts';
import { isPassing } from './status-error.ts';
import { stopAttempt } from './stop.ts';
import { submitAttempt } from './submit.ts';
import { kubernetesSubmitters } from './submitter-args.ts';

/** Attempts as Jobs of Kubernetes clusters, which any agent that reaches the cluster can follow and end. */
export function createKubernetesBackend(options: KubernetesOptions): Backend {
  const clusters = new Clusters(options);
  const { owner, pullSecrets = { hosts: [], credentialsOf: () => Promise.resolve(undefined) } } = options;
  const pulls = new PullSecrets({ ...pullSecrets, owner });
  const code = new CodeVolumes({
    paths: options.code ?? {},
    usedIn: (namespace) => usedCode(clusters, namespace),
    reached: options.reached ?? (() => Promise.resolve()),
  });
  const at = <T>(place: string | undefined, work: (place: Place) => Promise<T>): Promise<T> =>
    atBorder(async () => work(await clusters.at(place)));
  return {
    name: 'kubernetes',
    hostBound: false,
    sources: ['image'],
    checkResourceArgs: checkKubernetesArgs,
    whyUnmounted: (resourceArgs) => code.whyUnmounted(resourceArgs),
    submitters: kubernetesSubmitters,
    placeOf: (resourceArgs) => clusters.placeOf(resourceArgs),
    check: (resourceArgs, signal) =>
      at(clusters.placeOf(resourceArgs), async (place) => {
        await place.api.send({ method: 'GET', path: place.path('jobs'), query: { limit: '1' }, signal });
        await place.synced(signal);
        await code.check(parseKubernetesArgs(resourceArgs), place.namespace, signal);
      }),
    submit: (attempt, signal) =>
      at(attempt.ref.place, (place) => submitAttempt(place, { pulls, code, owner }, attempt, signal)),
    follow: (ref, sink, signal) => at(ref.place, (place) => followAttempt(place, pulls, ref, sink, signal)),
    stop: (ref, graceMs, signal) => at(ref.place, (place) => stopAttempt(place, owner, ref, graceMs, signal)),
    release: (ref, signal, left = 'forget-unreachable') =>
      at(ref.place, (place) => releaseAttempt(place, ref, signal, left)),
    list: (agent) => Promise.resolve(listed(clusters, (whose) => whose === agent || whose === '')),
    agents: () => {
      const names = clusters.places.flatMap((place) => place.attempts().map(({ agent }) => agent));
      return Promise.resolve([...new Set(names)].filter((name) => name !== ''));
    },
    keeps: () => Promise.resolve([]),
    forget: () => Promise.resolve(),
    close: () => {
      clusters.close();
    },
  };
}

/** A place whose API server has not answered yet has nothing that is known: those of the agent's queues answered when it started. */
function listed(clusters: Clusters, isWanted: (agent: string) => boolean): Listed[] {
  const found: Listed[] = [];
  for (const place of clusters.places) {
    for (const { ref, agent, seen } of place.attempts()) {
      if (!isWanted(agent)) continue;
      const since = (seen.job ?? seen.pods[0])?.metadata.creationTimestamp;
      found.push({ ref, live: isLive(seen), ...(since === undefined ? {} : { since }) });
    }
  }
  return found;
}

/** The code of all attempts that a namespace has. */
function usedCode(clusters: Clusters, namespace: string): Set<string> | undefined {
  const places = clusters.places.filter((place) => place.namespace === namespace);
  if (places.length === 0 || !places.every((place) => place.isSynced)) return undefined;
  const objects = places.flatMap((place) => place.attempts().flatMap(({ seen: { job, pods } }) => [job, ...pods]));
  return new Set(objects.flatMap((object) => object?.metadata.annotations?.[annotation.code] ?? []));
}

/** A Job that has not ended may get pods at any time, unless it was stopped. */
function isLive({ job, pods }: Seen): boolean {
  if (pods.some((pod) => !isTerminal(pod))) return true;
  if (job === undefined || isStopped(job) || hasEnded(job)) return false;
  const ending = ['FailureTarget', 'SuccessCriteriaMet'];
  if (ending.some((type) => holds(job.status?.conditions, type) !== undefined)) return false;
  const isOver = isSingle(job) && job.spec?.suspend !== true && pods.length > 0;
  return !isOver;
}

/** What the API server, or the way to it, is to blame for is tried again. */
async function atBorder<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isPassing(cause)) throw cause;
    const message = `the API server did not answer: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new RelaunchError('BackendUnavailable', message, { cause });
  }
}
