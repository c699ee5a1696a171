import { jobOf } from '../../activities/backends/kubernetes/job-manifest.ts';
import { label } from '../../activities/backends/labels.ts';
import { holds, type Job } from '../../activities/backends/kubernetes/objects.ts';
import { parseKubernetesArgs } from '../../activities/backends/kubernetes/queue-args.ts';
import { Reflector } from '../../activities/backends/kubernetes/reflector.ts';
import { attemptName } from '../../contracts/names.ts';
import { atMost } from '../../activities/at-most.ts';
import { sh } from '../support/backend-harness.ts';
import { busybox } from '../support/kubernetes-harness.ts';
import { attemptOf } from '../support/process-attempts.ts';
import { manifests, type KubernetesSite } from './kubernetes-site.ts';

const writers = 16;
/** Whose Jobs they are, in the place of an installation: no agent looks at them. */
const owner = 'bench-bare';

/** Creates Jobs like those of runs, and does nothing else about them: at most `alive` at a time, until the last is complete. */
export async function runBareJobs(
  { namespace, measuring }: KubernetesSite,
  jobs: number,
  alive: number,
): Promise<void> {
  const { admin: api, name } = namespace;
  const { signal } = measuring;
  const path = `/apis/batch/v1/namespaces/${name}/jobs`;
  const ends = new Map<string, PromiseWithResolvers<undefined>>();
  const watch = new Reflector<Job>({
    ...{ api, path, labelSelector: `${label.owner}=${owner}` },
    changed: ({ metadata, status }) => {
      const end = ends.get(metadata.name);
      if (holds(status?.conditions, 'Complete') !== undefined) end?.resolve(undefined);
      if (holds(status?.conditions, 'Failed') !== undefined) end?.reject(new Error(`Job ${metadata.name} failed`));
    },
  });
  try {
    await watch.synced;
    const [living, writing] = [atMost(alive), atMost(writers)];
    const query = { fieldValidation: 'Strict', fieldManager: 'relaunch' };
    const runOne = async (run: string): Promise<void> => {
      const end = Promise.withResolvers<undefined>();
      ends.set(attemptName(run, 1), end);
      await writing(() => api.send({ method: 'POST', path, query, body: bareJob(run), signal }));
      await end.promise;
    };
    const all = Array.from({ length: jobs }, (_, i) => living(() => runOne(`bare-${String(i)}`)));
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => {
      aborted.reject(signal.reason as Error);
    });
    await Promise.race([Promise.all(all), aborted.promise]);
  } finally {
    watch.stop();
  }
}

function bareJob(run: string): object {
  const { ref, plan, agent } = attemptOf({ command: sh('true'), run, agent: 'bench' });
  const launched = {
    ...plan,
    queue: 'brief',
    backend: 'kubernetes',
    source: { image: busybox },
    gracePeriodMs: 60_000,
  };
  const job = jobOf({ ref, plan: launched, agent }, parseKubernetesArgs(manifests.brief), owner);
  const { metadata } = (job as { spec: { template: { metadata: { finalizers?: string[] } } } }).spec.template;
  // Ours, which somebody would have to take off.
  delete metadata.finalizers;
  return job;
}
