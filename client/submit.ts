import { randomBytes } from 'node:crypto';
import { RelaunchError } from '../contracts/failures.ts';
import { base32Of, canonicalJson, sha256Hex } from '../contracts/hash.ts';
import { nameOf, type LaunchSpec, type LaunchSpecInput } from '../contracts/launch-spec.ts';
import { saidIn } from '../contracts/merge-queue.ts';
import { inputsIssues } from '../contracts/merge-job.ts';
import { notesOnDefaults } from '../contracts/queue-defaults.ts';
import { keyedWorkflowId, newWorkflowId, runIdOf } from '../contracts/names.ts';
import { checkBounds, checkSpec, refuseAny } from './check-spec.ts';
import type { Relaunch } from './connect.ts';
import { ClientError } from './errors.ts';
import { createJob } from './jobs.ts';
import { startLaunch } from './start.ts';
import { upload } from './upload.ts';
import { jobsProject, withJob } from './with-job.ts';
import { withQueue } from './with-queue.ts';
import { asking } from './temporal-errors.ts';

export interface SubmitOptions {
  /** The same project and key are the same run: a second submission starts nothing and answers the first one's. */
  key?: string | undefined;
}

/** A run that was submitted. */
export interface Run {
  /** Names its objects, records and logs. */
  id: string;
  workflowId: string;
  queue: string;
  /** It was there before: same key. */
  attached: boolean;
  /** Of a run of an image: the job that is now recorded of it, `vision/job-train:v0`. */
  job: string | undefined;
  /** What its queue says where it says nothing, and what the client could not check and left to the agent, in words. */
  notes: string[];
}

/**
 * Submits a run: checks the spec, its job and the queue's bounds, uploads its code once, starts its workflow. An image becomes a job of its
 * name, in the run's project: nothing of it is uploaded.
 * @throws RelaunchError LaunchRejected with every wrong field; ClientError where queue or Temporal are not there, or the key stands for another spec
 */
export async function submit(relaunch: Relaunch, input: LaunchSpecInput, { key }: SubmitOptions = {}): Promise<Run> {
  const asked = checkSpec(input);
  const project = jobsProject(asked, input.project);
  const spec = { ...asked, ...project };
  const { launched, job: of, notes } = await withJob(relaunch, spec);
  notes.push(
    ...(await withQueue(relaunch, spec.queue, (queue) => {
      const merged = checkBounds(
        { spec: launched, said: saidIn({ ...input, ...project }), job: spec.source.job },
        queue,
      );
      if (of !== undefined) refuseAny(inputsIssues(of, merged));
      notes.push(...notesOnDefaults(launched, merged));
      const { project: its, priority, tags } = merged;
      Object.assign(spec, { project: its, priority, tags });
    })),
  );
  const packed: LaunchSpecInput = { ...input, ...project, source: await upload(relaunch, spec.source) };
  const random = base32Of(randomBytes(5));
  const workflowId =
    key === undefined ? newWorkflowId(nameOf(spec), random) : keyedWorkflowId(project.project ?? asked.project, key);
  const memo = { specDigest: digestOf(packed), submission: random };
  await startLaunch(relaunch, { workflowId, input: packed, spec, memo, keyed: key !== undefined });
  const attached = key !== undefined && (await isAttached(relaunch, workflowId, memo, key));
  const job = attached ? undefined : await jobOfImage(relaunch, spec, notes);
  return { id: runIdOf(workflowId), workflowId, queue: spec.queue, attached, job, notes };
}

/** The run is there: what keeps its job from being recorded is a note. */
async function jobOfImage({ store }: Relaunch, spec: LaunchSpec, notes: string[]): Promise<string | undefined> {
  const { source, project, user } = spec;
  if (source.image === undefined) return undefined;
  try {
    return (await createJob(store, { source: { image: source.image } }, { project, user })).id;
  } catch (error) {
    if (!(error instanceof RelaunchError)) throw error;
    notes.push(`no job is recorded of the image: ${error.message.split('\n').at(-1) ?? ''}`);
    return undefined;
  }
}

/** Of what will run: where the code lay does not matter. */
function digestOf(input: LaunchSpecInput): string {
  const { code } = input.source;
  return sha256Hex(canonicalJson(code === undefined ? input : { ...input, source: { code: { digest: code.digest } } }));
}

async function isAttached(
  relaunch: Relaunch,
  workflowId: string,
  mine: Record<string, string>,
  key: string,
): Promise<boolean> {
  const { memo } = await asking(relaunch.settings, workflowId, () =>
    relaunch.temporal.workflow.getHandle(workflowId).describe(),
  );
  if (memo?.['submission'] === mine['submission']) return false;
  if (memo?.['specDigest'] === mine['specDigest']) return true;
  throw new ClientError(
    'bad-input',
    `same key, different spec: ${JSON.stringify(key)} stands for run ${workflowId}, which was submitted with another spec. Choose another key, or submit the same spec.`,
  );
}
