import { RelaunchError } from '../../../contracts/failures.ts';
import { withMountedRun } from '../../images/mounted-run.ts';
import type { Attempt } from '../backend.ts';
import type { CodeVolumes } from './code-volumes.ts';
import { jobOf } from './job-manifest.ts';
import type { Job } from './objects.ts';
import type { Place } from './place.ts';
import type { PullSecrets } from './pull-secrets.ts';
import { parseKubernetesArgs } from './queue-args.ts';
import { checkOurs, findJob, nameOf } from './read-attempt.ts';
import { StatusError } from './status-error.ts';
import type { MountedCode } from './storage.ts';

/** What all attempts of a backend stand on. */
export interface SubmitSite {
  pulls: PullSecrets;
  code: CodeVolumes;
  owner: string;
}

/** Creates the attempt's Job, or finds it created; see Backend.submit. */
export async function submitAttempt(
  place: Place,
  site: SubmitSite,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<void> {
  const { plan, ref } = attempt;
  if (plan.mounted === undefined) return createJob(place, site, attempt, undefined, signal);
  const { code } = parseKubernetesArgs(plan.resourceArgs);
  return withMountedRun(attempt, async ({ baseImage, command, workingDir, tree, ...run }) => {
    const image = await attempt.pinned(baseImage);
    const subPath = await site.code.put(ref, code, place.namespace, { tree }, signal);
    const warnings = run.warnings.map((each) => `warning: ${each}`);
    const onImage = { ...attempt, plan: { ...plan, source: { image }, entrypoint: command } };
    await createJob(place, site, onImage, { subPath, workingDir, warnings }, signal);
  });
}

async function createJob(
  place: Place,
  { pulls, owner }: SubmitSite,
  attempt: Attempt,
  code: MountedCode | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { source, resourceArgs } = attempt.plan;
  const pull = 'image' in source ? await pulls.of(place, source.image, signal) : undefined;
  const body = jobOf(attempt, parseKubernetesArgs(resourceArgs), owner, { pull, code });
  for (;;) {
    try {
      const query = { fieldValidation: 'Strict', fieldManager: 'relaunch' };
      place.created(await place.api.send<Job>({ method: 'POST', path: place.path('jobs'), query, body, signal }));
      return;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.reason !== 'AlreadyExists') throw refusal(error, attempt, place);
    }
    const job = await findJob(place, attempt.ref, signal);
    checkOurs(job, attempt.ref, place);
    if (job !== undefined) return;
  }
}

/** What the API server will not take, in its own words; what it may take later stays as it is. */
function refusal(error: StatusError, { ref, plan }: Attempt, { namespace, api }: Place): Error {
  const passes = error.causes.includes('NamespaceTerminating') || error.message.includes('exceeded quota');
  const where = `Job ${nameOf(ref)} in namespace ${namespace} of ${api.server}`;
  if (passes) return new RelaunchError('BackendUnavailable', `${where}: ${error.message}`, { cause: error });
  if (error.code >= 500 || error.code === 429 || error.code === 401) return error;
  const message = `${where} was refused: ${error.message}. It is made from resourceArgs.kubernetes of queue "${plan.queue}"`;
  return new RelaunchError('AttemptRefused', message, { cause: error });
}
