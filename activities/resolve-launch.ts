import { canonicalJson, sha256Hex } from '../contracts/hash.ts';
import { inputsOf } from '../contracts/plan-inputs.ts';
import { RelaunchError } from '../contracts/failures.ts';
import { fillMacros } from '../contracts/fill-macros.ts';
import { versionName } from '../contracts/job-reference.ts';
import { launchSpec, nameOf, type LaunchSpec } from '../contracts/launch-spec.ts';
import { runIdOf } from '../contracts/names.ts';
import { plan as planSchema, summaryOf, type Plan, type PlanSummary } from '../contracts/plan.ts';
import type { QueueSpec } from '../contracts/queue-spec.ts';
import { fairnessKeyOf, priorityKeyOf } from '../contracts/priority.ts';
import { readSpec } from '../contracts/read-spec.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord, writeOnce } from '../store/records.ts';
import { removeRunRecords } from '../store/run-records.ts';
import { callingWorkflow, withHeartbeat } from './border.ts';
import { checkAgent, checkLaunch, rejected, type CheckNeeds } from './check-launch.ts';
import { isStillEnding, wasDeleted } from './deleted-run.ts';
import type { AgentDependencies } from './dependencies.ts';

type Needs = Pick<AgentDependencies, 'agent' | 'ownWorkflow' | 'retentionMs' | 'reached'> & CheckNeeds;
type Calling = ReturnType<typeof callingWorkflow> & { firstRunId: string };

/** Checks everything about a spec again, since neither the client nor the history is trusted, and makes it a plan that holds for good. */
export function resolveLaunch(needs: Needs, input: unknown, firstRunId: unknown): Promise<PlanSummary> {
  return withHeartbeat((signal) => resolve(needs, input, firstRunId, signal));
}

async function resolve(needs: Needs, input: unknown, saidFirst: unknown, signal: AbortSignal): Promise<PlanSummary> {
  const workflow = await caller(needs, saidFirst);
  const read = readSpec(launchSpec, input);
  if ('wrong' in read) throw rejected(read.wrong);
  const { spec } = read;
  checkAgent(spec, workflow.taskQueue);
  const run = runIdOf(workflow.workflowId);
  const specDigest = sha256Hex(canonicalJson(input));
  const held = await heldPlan(needs, run, workflow);
  // What was accepted stays so, whatever has become of its queue.
  const plan = held ?? (await putPlan(needs, await makePlan(needs, { spec, input }, workflow, specDigest, signal)));
  if (plan.workflowId !== workflow.workflowId || plan.specDigest !== specDigest) throw taken(run, 'another spec');
  if (plan.firstRunId !== workflow.firstRunId) throw taken(run, 'an earlier workflow');
  return summaryOf(plan);
}

/** A workflow that says it is the first of its chain is believed, which saves asking: if it lies, it shuts out its own resets. */
async function caller({ ownWorkflow }: Needs, saidFirst: unknown): Promise<Calling> {
  const calling = callingWorkflow();
  if (saidFirst === calling.runId) return { ...calling, firstRunId: calling.runId };
  const found = await ownWorkflow.find(calling.workflowId, calling.runId);
  return { ...calling, firstRunId: found?.firstRunId ?? calling.runId };
}

/** The plan of this run, if there is one. That of a run that was deleted goes with all else of it: the id is free again. */
async function heldPlan(needs: Needs, run: string, { firstRunId }: Calling): Promise<Plan | undefined> {
  const held = await readRecord(needs.store, keyOf.plan(run), planSchema);
  if (held === undefined || held.firstRunId === firstRunId || !(await wasDeleted(needs, run, held))) return held;
  if (await isStillEnding(needs, run))
    throw new RelaunchError('BackendUnavailable', `run ${run} was deleted, and its last attempt is being ended`);
  await removeRunRecords(needs.store, run, held);
  return readRecord(needs.store, keyOf.plan(run), planSchema);
}

async function putPlan({ store, reached }: Needs, made: Plan): Promise<Plan> {
  await reached('resolve:before-plan');
  const held = await writeOnce(store, keyOf.plan(made.run), made, planSchema);
  await reached('resolve:after-plan');
  return held;
}

async function makePlan(
  needs: Needs,
  asked: { spec: LaunchSpec; input: unknown },
  { entity, workflowId, firstRunId }: Calling,
  specDigest: string,
  signal: AbortSignal,
): Promise<Plan> {
  const { spec, job, queue, source, way, ...checked } = await checkLaunch(needs, asked, signal);
  const { queueVersion, resourceArgs, limits, env, secrets } = checked;
  const [run, name] = [runIdOf(workflowId), nameOf(asked.spec)];
  const macros = { run_id: run, run_name: name, project_name: spec.project, entity_name: entity, author: spec.user };
  return {
    run,
    workflowId,
    firstRunId,
    entity,
    specDigest,
    name,
    project: spec.project,
    queue: spec.queue,
    backend: queue.backend,
    ...(spec.user === undefined ? {} : turnsOf(spec.user, queue)),
    ...(job === undefined ? {} : { job: versionName(job, job.version) }),
    source,
    ...way,
    ...(way.build === undefined ? {} : { needsImage: true }),
    entrypoint: spec.entrypoint,
    ...inputsOf(spec),
    env,
    ...(Object.keys(secrets).length === 0 ? {} : { secrets }),
    queueVersion,
    resourceArgs: fillMacros(resourceArgs, { ...macros, image_uri: 'image' in source ? source.image : undefined }),
    priorityKey: priorityKeyOf(spec.priority),
    tags: spec.tags,
    ...(spec.sweep === undefined ? {} : { sweep: spec.sweep }),
    ...limits,
  };
}

function turnsOf(user: string, { fairness: { weights } }: QueueSpec) {
  const weight = Object.hasOwn(weights, user) ? weights[user] : undefined;
  return { user, fairnessKey: fairnessKeyOf(user), ...(weight === undefined ? {} : { fairnessWeight: weight }) };
}

const taken = (run: string, by: string): RelaunchError =>
  new RelaunchError('RunIdTaken', `run ${run} was launched before with ${by}: choose another workflow id`);
