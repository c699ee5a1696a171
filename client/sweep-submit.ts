import { randomBytes } from 'node:crypto';
import { RelaunchError } from '../contracts/failures.ts';
import { base32Of } from '../contracts/hash.ts';
import type { FieldIssue } from '../contracts/issues.ts';
import { nameOf, type LaunchSpec } from '../contracts/launch-spec.ts';
import { launchStart } from '../contracts/launch-start.ts';
import { saidIn, trialQueueIssues } from '../contracts/merge-queue.ts';
import { trialIssues, trialsChecked } from '../contracts/merge-job.ts';
import { newSweepId } from '../contracts/names.ts';
import { notesOnDefaults } from '../contracts/queue-defaults.ts';
import { readSpec } from '../contracts/read-spec.ts';
import { searchAttribute } from '../contracts/search-attributes.ts';
import { sweepWorkflowType } from '../contracts/sweep-messages.ts';
import type { CarriedSweep } from '../contracts/sweep-result.ts';
import { sweepSpec, type SweepSpec, type SweepSpecInput } from '../contracts/sweep-spec.ts';
import { workersOf, type Workers } from '../contracts/sweep-workers.ts';
import { controlTaskQueue } from '../contracts/task-queues.ts';
import { pointsOf } from '../search/points-of.ts';
import { checkBounds, refuseAny } from './check-spec.ts';
import type { Relaunch } from './connect.ts';
import { asking } from './temporal-errors.ts';
import { upload } from './upload.ts';
import { jobsProject, withJob } from './with-job.ts';
import { withQueue } from './with-queue.ts';

/** A sweep that was submitted. */
export interface Sweep {
  /** Of the sweep, and of its workflow. */
  id: string;
  queue: string;
  /** What draws its points, where they are drawn. */
  seed: number;
  /** What its queue says where it says nothing, and what the client could not check and left to the agent, in words. */
  notes: string[];
}

/**
 * Submits a sweep: checks it and the queue's bounds, uploads its code once for all trials, starts its workflow. Without a seed it gets one.
 * @throws RelaunchError LaunchRejected with every wrong field; ClientError where queue or Temporal are not there
 */
export async function submitSweep(relaunch: Relaunch, input: SweepSpecInput): Promise<Sweep> {
  const { seeded, spec } = seededSweep(input);
  const { notes } = await checkSweepOnQueue(relaunch, spec, seeded);
  const source = await upload(relaunch, spec.launch.source);
  const id = newSweepId(spec.name ?? nameOf(spec.launch), base32Of(randomBytes(5)));
  await startSweep(relaunch, id, { ...seeded, launch: { ...seeded.launch, source } }, spec);
  return { id, queue: spec.launch.queue, seed: spec.seed, notes };
}

/** A sweep, checked. Without a seed of its own it gets one, and the project of its job. @throws RelaunchError LaunchRejected */
export function seededSweep(input: SweepSpecInput): { seeded: SweepSpecInput; spec: SweepSpec } {
  const asked = { ...input, seed: input.seed ?? randomBytes(4).readUInt32BE() };
  const { launch, ...spec } = checkSweep(asked);
  const project = jobsProject(launch, asked.launch.project);
  return {
    seeded: { ...asked, launch: { ...asked.launch, ...project } },
    spec: { ...spec, launch: { ...launch, ...project } },
  };
}

/** What of a sweep can be told without its queue. @throws RelaunchError LaunchRejected with every wrong field: path, value, rule */
export function checkSweep(input: SweepSpecInput): SweepSpec {
  const read = readSpec(sweepSpec, input);
  if ('spec' in read) return read.spec;
  throw rejected(read.wrong);
}

/** Whether its job and the queue allow it, and with how many workers. `notes`: as those of a {@link Sweep}. @throws RelaunchError LaunchRejected */
export async function checkSweepOnQueue(
  relaunch: Relaunch,
  spec: SweepSpec,
  input: SweepSpecInput,
): Promise<Workers & { notes: string[] }> {
  const { launch, numWorkers } = spec;
  const within = (bound: number | undefined): Workers => {
    const workers = workersOf(numWorkers, { queue: launch.queue, bound });
    if ('wrong' in workers) throw rejected(workers.wrong);
    return workers;
  };
  let workers = within(undefined);
  const { launched, job, notes } = await withJob(relaunch, launch);
  const trials = (defaults?: LaunchSpec['runConfig']): FieldIssue[] =>
    job === undefined
      ? []
      : trialIssues(job, { launch: launch.runConfig, defaults }, pointsOf(spec).first(trialsChecked));
  const ofQueue = await withQueue(relaunch, launch.queue, (queue) => {
    const asked = { spec: launched, said: saidIn(input.launch), job: launch.source.job };
    const merged = checkBounds(asked, queue);
    const kept = Object.entries(merged.runConfig).filter(([name]) => !Object.hasOwn(spec.parameters, name));
    notes.push(...notesOnDefaults(launched, { ...merged, runConfig: Object.fromEntries(kept) }));
    refuseAny(trials(queue.defaults.runConfig));
    refuseAny(trialQueueIssues(launch, pointsOf(spec).first(trialsChecked), queue));
    workers = within(queue.scheduler.num_workers);
  });
  return { ...workers, notes: [...notes, ...ofQueue] };
}

/** Starts the workflow of a sweep, anew or from where an ended one was. */
export async function startSweep(
  relaunch: Relaunch,
  workflowId: string,
  input: SweepSpecInput,
  spec: SweepSpec,
  carried?: CarriedSweep,
): Promise<void> {
  const name = spec.name ?? nameOf(spec.launch);
  const { typedSearchAttributes, staticDetails } = launchStart({ ...spec.launch, name, sweep: workflowId });
  await asking(relaunch.settings, undefined, () =>
    relaunch.temporal.workflow.start(sweepWorkflowType, {
      workflowId,
      taskQueue: controlTaskQueue,
      args: [input, ...(carried === undefined ? [] : [carried])],
      workflowIdReusePolicy: carried === undefined ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE',
      memo: { name },
      typedSearchAttributes: typedSearchAttributes.filter(({ key }) => key.name !== searchAttribute.attempt.name),
      staticSummary: `${spec.method} search on ${spec.launch.queue}`,
      staticDetails,
    }),
  );
}

const rejected = (wrong: string): RelaunchError =>
  new RelaunchError('LaunchRejected', `the sweep was refused, nothing was started:\n${wrong}`);
