import { RelaunchError } from '../contracts/failures.ts';
import { canonicalJson, sha256Hex } from '../contracts/hash.ts';
import { formatIssues } from '../contracts/issues.ts';
import { versionName } from '../contracts/job-reference.ts';
import { trialQueueIssues } from '../contracts/merge-queue.ts';
import { trialIssues, trialsChecked } from '../contracts/merge-job.ts';
import { sweepIdOf } from '../contracts/names.ts';
import type { QueueSpec } from '../contracts/queue-spec.ts';
import { readSpec } from '../contracts/read-spec.ts';
import type { JobSource, PinnedSource } from '../contracts/source.ts';
import {
  sweepPlan,
  sweepSummaryOf,
  trialSourceOf,
  type SweepPlan,
  type SweepSummary,
} from '../contracts/sweep-plan.ts';
import { sweepSpec, type SweepSpec, type SweepSpecInput } from '../contracts/sweep-spec.ts';
import { workersOf } from '../contracts/sweep-workers.ts';
import { pointsOf } from '../search/points-of.ts';
import type { JobVersion } from '../store/jobs.ts';
import { keyOf } from '../store/layout.ts';
import { writeOnce } from '../store/records.ts';
import { callingWorkflow, withHeartbeat } from './border.ts';
import { checkAgent, checkLaunch, rejected, type CheckNeeds } from './check-launch.ts';

/** Checks everything about a sweep once, so that what is wrong with it is said before any trial is started, and pins the source of its trials. */
export function resolveSweep(needs: CheckNeeds, input: unknown): Promise<SweepSummary> {
  return withHeartbeat(async (signal) => {
    const { entity, workflowId, taskQueue } = callingWorkflow();
    const read = readSpec(sweepSpec, input);
    if ('wrong' in read) throw rejected(read.wrong);
    const { spec } = read;
    checkAgent(spec.launch, taskQueue);
    const launch = { spec: spec.launch, input: (input as SweepSpecInput).launch };
    const { queue, source, job } = await checkLaunch(needs, launch, signal, { isWhole: false });
    checkTrials(spec, job, queue);
    const bound = queue.scheduler.num_workers;
    const workers = workersOf(spec.numWorkers, { queue: spec.launch.queue, bound });
    if ('wrong' in workers) throw rejected(workers.wrong);
    const sweep = sweepIdOf(workflowId);
    const trialsDigest = digestOf(spec);
    const made = {
      ...{ sweep, workflowId, entity, queue: spec.launch.queue, trialsDigest },
      ...workers,
      source: job === undefined ? trialSourceOf(source) : jobSource(job, source),
      spec: input as SweepPlan['spec'],
    };
    const held = await writeOnce(needs.store, keyOf.sweepPlan(sweep), made, sweepPlan);
    if (held.workflowId !== workflowId || held.trialsDigest !== trialsDigest) {
      throw new RelaunchError(
        'RunIdTaken',
        `sweep ${sweep} was started before with other trials: choose another workflow id`,
      );
    }
    return sweepSummaryOf({ ...held, ...workers });
  });
}

function checkTrials(spec: SweepSpec, job: JobVersion | undefined, queue: QueueSpec): void {
  const trials = pointsOf(spec).first(trialsChecked);
  const config = { launch: spec.launch.runConfig, defaults: queue.defaults.runConfig };
  const ofJob = job === undefined ? [] : trialIssues(job.record.job, config, trials);
  const issues = [...ofJob, ...trialQueueIssues(spec.launch, trials, queue)];
  if (issues.length > 0) throw rejected(formatIssues(issues));
}

/** What trials carry: the version, and the image that it was when the sweep began. */
const jobSource = (job: JobVersion, source: PinnedSource): { job: JobSource } => ({
  job: { name: versionName(job, job.version), digest: job.digest, ...('image' in source ? source : {}) },
});

/** Caps, width and policies may change when a sweep goes on; its trials may not. */
function digestOf({ method, parameters, seed, prior, launch }: SweepSpec): string {
  const { source, ...rest } = launch;
  const pinned = source.code?.digest ?? source.git ?? source.image ?? source.job?.name;
  return sha256Hex(canonicalJson({ method, parameters, seed, prior, launch: rest, digest: pinned }));
}
