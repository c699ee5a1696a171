import { RelaunchError } from '../contracts/failures.ts';
import { canonicalJson } from '../contracts/hash.ts';
import { fieldIssue, formatIssues, type FieldIssue } from '../contracts/issues.ts';
import type { LaunchSpec } from '../contracts/launch-spec.ts';
import type { Limits } from '../contracts/merge.ts';
import { inputsIssues } from '../contracts/merge-job.ts';
import { mergeQueue, saidIn, type Args } from '../contracts/merge-queue.ts';
import type { QueueSpec } from '../contracts/queue-spec.ts';
import { mergeVariables, type SecretReference } from '../contracts/secret-reference.ts';
import { givenAs, type PinnedSource } from '../contracts/source.ts';
import { sweepPlan } from '../contracts/sweep-plan.ts';
import { queueOfTaskQueue } from '../contracts/task-queues.ts';
import { jobLaunch } from '../store/job-launch.ts';
import type { JobVersion } from '../store/jobs.ts';
import { keyOf } from '../store/layout.ts';
import { readQueueVersion } from '../store/queues.ts';
import { readRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { Backend } from './backends/backend.ts';
import type { AgentDependencies } from './dependencies.ts';
import { goesIntoContainer, wayOfCode, type WayOfCode } from './way-of-code.ts';

/** A launch that its queue allows. */
export interface CheckedLaunch {
  /** With what its job says, and its queue. */
  spec: LaunchSpec;
  /** That it is one of. */
  job: JobVersion | undefined;
  queue: QueueSpec;
  /** Of the queue's file. */
  queueVersion: string;
  /** For the backend. */
  resourceArgs: Args;
  limits: Limits;
  /** Its variables, with the queue's. */
  env: Record<string, string>;
  secrets: Record<string, SecretReference>;
  /** What is there to be run. */
  source: PinnedSource;
  /** How that gets into a container, where it has to. */
  way: WayOfCode;
}

/** @throws RelaunchError LaunchRejected where this is an agent of another queue */
export function checkAgent({ queue }: Pick<LaunchSpec, 'queue'>, taskQueue: string): void {
  if (queueOfTaskQueue(taskQueue) === queue) return;
  throw rejected(`queue is "${queue}", but this is an agent of ${taskQueue}`);
}

export type CheckNeeds = Pick<AgentDependencies, 'store' | 'backends' | 'mounting' | 'images' | 'git'>;

/**
 * Checks a launch against its job and its queue as they are now, and that its source is there. `input`: the launch as it was given;
 * `isWhole`: its configuration is, else more of it comes later. @throws RelaunchError LaunchRejected with every reason
 */
export async function checkLaunch(
  { store, backends, mounting, images, git }: CheckNeeds,
  { spec: asked, input }: { spec: LaunchSpec; input: unknown },
  signal: AbortSignal,
  options?: { isWhole: boolean },
): Promise<CheckedLaunch> {
  const { spec: launched, job, issues: ofJob } = await jobLaunch(store, asked);
  const { spec: queue, version: queueVersion } = await readQueueVersion(store, asked.queue);
  const backend = backends.find(({ name }) => name === queue.backend);
  if (backend === undefined) {
    throw rejected(`queue "${asked.queue}" is for backend "${queue.backend}", which this agent does not have`);
  }
  const ours = await saidBySweep(store, asked);
  const said = { spec: launched, said: saidIn(input), job: asked.source.job, ours };
  const { spec, limits, resourceArgs, issues: ofQueue } = mergeQueue(said, queue, backend.submitters);
  const ofInputs = job === undefined ? [] : inputsIssues(job.record.job, spec, options);
  const { env, secrets, issues: ofVariables } = mergeVariables(launched, queue);
  const issues = [...ofJob, ...ofInputs, ...ofQueue, ...ofVariables];
  checkSource(spec, backend, issues);
  if (issues.length > 0) throw rejected(formatIssues(issues));
  const problems = backend.checkResourceArgs(resourceArgs);
  if (problems.length > 0) throw rejected(`queue "${spec.queue}": ${problems.join('; ')}`);
  const here = { builder: queue.builder, resourceArgs: { [queue.backend]: resourceArgs } };
  const way = wayOfCode(spec, { backend, queue: here, mounting }, issues);
  if (issues.length > 0) throw rejected(formatIssues(issues));
  const source = await pinned(spec, { store, images, git }, signal);
  const image = await pinnedBase(way, images);
  return { spec, job, queue, queueVersion, resourceArgs, limits, env, secrets, source, way: image };
}

/** What a trial has from its sweep, as agents have checked it: of source and name nothing is its submitter's. */
async function saidBySweep(store: Store, { sweep, source, queue }: LaunchSpec): Promise<string[]> {
  if (sweep === undefined) return [];
  const plan = await readRecord(store, keyOf.sweepPlan(sweep), sweepPlan);
  return plan?.queue === queue && canonicalJson(plan.source) === canonicalJson(source) ? ['source', 'name'] : [];
}

async function pinned(
  spec: LaunchSpec,
  { store, images, git }: Pick<CheckNeeds, 'store' | 'images' | 'git'>,
  signal: AbortSignal,
): Promise<PinnedSource> {
  const { code, image, git: repository } = spec.source;
  if (image !== undefined) return { image: await images.pin(image) };
  if (repository !== undefined) return git.pin(repository, signal);
  const digest = code?.digest ?? '';
  await checkCode(store, digest);
  return { code: { digest } };
}

/** What code is mounted on by the launch's wish is an image like others. */
async function pinnedBase(way: WayOfCode, images: AgentDependencies['images']): Promise<WayOfCode> {
  const { mounted } = way;
  if (mounted?.spec.baseImage === undefined) return way;
  return {
    ...way,
    mounted: { ...mounted, spec: { ...mounted.spec, baseImage: await images.pin(mounted.spec.baseImage) } },
  };
}

/** How a source is given, in words. */
const sourceFlags = { image: 'images (`-d IMAGE`)', code: 'code (a directory or a repository)' };

function checkSource(spec: LaunchSpec, { name, sources }: Backend, issues: FieldIssue[]): void {
  const { code, image } = spec.source;
  if (!sources.includes(image === undefined ? 'code' : 'image') && !goesIntoContainer(spec, sources)) {
    const rule = `queue "${spec.queue}" is for backend "${name}", which runs ${sources.map((one) => sourceFlags[one]).join(' or ')} only`;
    issues.push(fieldIssue(['source', givenAs(spec.source)], spec, rule));
    return;
  }
  if (code === undefined || code.digest !== undefined) return;
  const rule = 'packed by the client: submit with `relaunch launch`, `relaunch sweep` or the typed client';
  issues.push(fieldIssue(['source', 'code', 'digest'], spec, rule));
}

async function checkCode(store: Store, digest: string): Promise<void> {
  if (await store.has(keyOf.code(digest))) return;
  throw rejected(
    `source.code.digest is ${digest}: ${keyOf.code(digest)} is not in ${store.url}; submit again, with the store that the agents use`,
  );
}

export const rejected = (message: string): RelaunchError => new RelaunchError('LaunchRejected', message);
