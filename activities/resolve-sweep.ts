import { RelaunchError } from '../contracts/failures.ts';
import { canonicalJson, sha256Hex } from '../contracts/hash.ts';
import { sweepIdOf } from '../contracts/names.ts';
import { readSpec } from '../contracts/read-spec.ts';
import {
  sweepPlan,
  sweepSummaryOf,
  trialSourceOf,
  type SweepPlan,
  type SweepSummary,
} from '../contracts/sweep-plan.ts';
import { sweepSpec, type SweepSpec } from '../contracts/sweep-spec.ts';
import { workersOf } from '../contracts/sweep-workers.ts';
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
    const { queue, source } = await checkLaunch(needs, spec.launch, signal);
    const bound = queue.scheduler.num_workers;
    const workers = workersOf(spec.numWorkers, { queue: spec.launch.queue, bound });
    if ('wrong' in workers) throw rejected(workers.wrong);
    const sweep = sweepIdOf(workflowId);
    const trialsDigest = digestOf(spec);
    const made = {
      ...{ sweep, workflowId, entity, queue: spec.launch.queue, trialsDigest },
      ...workers,
      source: trialSourceOf(source),
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

/** Caps, width and policies may change when a sweep goes on; its trials may not. */
function digestOf({ method, parameters, seed, prior, launch }: SweepSpec): string {
  const { source, ...rest } = launch;
  const pinned = source.code?.digest ?? source.git ?? source.image;
  return sha256Hex(canonicalJson({ method, parameters, seed, prior, launch: rest, digest: pinned }));
}
