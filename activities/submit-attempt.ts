import { join } from 'node:path';
import { activityInfo } from '@temporalio/activity';
import { attemptArgument, attemptEnd, type Submitted } from '../contracts/activities.ts';
import type { Plan } from '../contracts/plan.ts';
import { baseRecord, claim, imageRecord } from '../contracts/records.ts';
import { fillMacros } from '../contracts/fill-macros.ts';
import { decideNext, nothingSpent } from '../contracts/requeue.ts';
import { agentTaskQueue, ioTaskQueue, submitTaskQueue } from '../contracts/task-queues.ts';
import { unpackArchive } from '../store/archive.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord, writeOnce } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { GivenSecret } from './backends/backend.ts';
import type { AgentDependencies } from './dependencies.ts';
import { forOwnAttempt, refused, type PlannedAttempt } from './own-attempt.ts';
import { PhaseReporter } from './phase-reporter.ts';
import { maskedError } from './secrets/masked-error.ts';
import { masking } from './secrets/masking.ts';
import { patchFiles } from './sources/patch-files.ts';

/** Creates the attempt, or finds it created, here or by the agent that claimed it. Says where it is to be followed. */
export function submitAttempt(needs: AgentDependencies, argument: unknown): Promise<Submitted> {
  return forOwnAttempt(needs, attemptArgument, argument, async (own, signal) => {
    const { ref, plan, backend } = own;
    if (own.taskQueue !== submitTaskQueue(plan.queue)) {
      throw refused(`run ${plan.run} has to wait in ${submitTaskQueue(plan.queue)}, not in ${own.taskQueue}`);
    }
    checkPriority(plan);
    const follow = backend.hostBound ? agentTaskQueue(needs.agent) : ioTaskQueue(plan.queue);
    if (own.end !== undefined) return { follow, agent: needs.agent };
    await checkOrder(needs, own);

    const runnable = await withImage(needs.store, plan);
    const phases = new PhaseReporter(needs.ownWorkflow, own, startsAtOnce(plan) ? 0 : undefined);
    phases.enter({ phase: 'starting', at: new Date().toISOString() });
    try {
      if (startsAtOnce(plan)) await phases.sent();
      await needs.places.enter(plan.queue, ref);
      await needs.reached('submit:after-place');
      if (backend.hostBound) {
        await needs.reached('submit:before-claim');
        const mine = { agent: needs.agent, follow, uid: ref.uid };
        const held = await writeOnce(needs.store, keyOf.claim(ref.run, ref.attempt), mine, claim);
        await needs.reached('submit:after-claim');
        if ('tombstone' in held)
          throw refused(`attempt ${String(ref.attempt)} of run ${ref.run} was given up before it began`);
        if (held.agent !== needs.agent) return { follow: held.follow, agent: held.agent };
      }
      needs.permits.started(ref);
      let mask = masking([]);
      const secrets = async (): Promise<GivenSecret[]> => {
        const given = await needs.secrets.give(plan.secrets);
        mask = masking(given.map(({ value }) => value));
        return given;
      };
      const submitted = backend.submit(
        {
          ref,
          plan: runnable,
          agent: needs.agent,
          unpackSource: (directory) => unpackSource(needs.store, plan, directory),
          pinned: (image) => pinnedBase(needs, plan.run, image),
          secrets,
          workplace: needs.workplace,
        },
        signal,
      );
      await submitted.catch((error: unknown) => {
        throw maskedError(error, mask);
      });
      await needs.reached('submit:after-create');
      return { follow, agent: needs.agent };
    } finally {
      needs.permits.submitted(ref);
      phases.close();
    }
  });
}

/** Whether the workflow must know at once that waiting is over: it measures the time, or an agent was lost in between. */
function startsAtOnce({ timeoutsMs }: Plan): boolean {
  return timeoutsMs.queue !== undefined || timeoutsMs.start !== undefined || activityInfo().attempt > 1;
}

/** The plan with the image that its source became, where it had to. @throws RelaunchError AttemptRefused where that is not there */
async function withImage(store: Store, plan: Plan): Promise<Plan> {
  if (plan.build === undefined) return plan;
  const record = await readRecord(store, keyOf.image(plan.run), imageRecord);
  if (record === undefined) throw refused(`run ${plan.run} has no image: buildImage comes first`);
  const { image, entrypoint } = record;
  return { ...plan, source: { image }, entrypoint, resourceArgs: fillMacros(plan.resourceArgs, { image_uri: image }) };
}

async function unpackSource(store: Store, { source, mounted, files }: Plan, directory: string): Promise<void> {
  if (!('code' in source)) return;
  await unpackArchive(store, source.code.digest, directory);
  if (files === undefined) return;
  const { buildContext = '.', workingDir = '.' } = mounted?.spec ?? {};
  await patchFiles(directory, join(buildContext, workingDir), files);
}

/** Which one that is only the source may say: it is pinned at the first start, not when the launch is checked. */
async function pinnedBase({ store, images }: AgentDependencies, run: string, image: string): Promise<string> {
  const key = keyOf.base(run);
  const held = await readRecord(store, key, baseRecord);
  return (held ?? (await writeOnce(store, key, { image: await images.pin(image) }, baseRecord))).image;
}

/** Temporal hands out weights in single precision, and none as 0. */
const isWeight = (given: number, planned: number): boolean =>
  Math.fround(given === 0 ? 1 : given) === Math.fround(planned);

function checkPriority({ run, priorityKey, fairnessKey, fairnessWeight }: Plan): void {
  const { priority } = activityInfo();
  const same =
    (priority?.priorityKey ?? 3) === priorityKey &&
    (priority?.fairnessKey ?? '') === (fairnessKey ?? '') &&
    isWeight(priority?.fairnessWeight ?? 0, fairnessWeight ?? 1);
  if (!same) throw refused(`run ${run} waits with another priority, fairness key or weight than its plan's`);
}

/** Each attempt follows from the recorded ends of those before it: no workflow gets more attempts than its plan allows. */
async function checkOrder({ store }: AgentDependencies, { ref, plan }: PlannedAttempt): Promise<void> {
  let spent = nothingSpent;
  for (let earlier = 1; earlier < ref.attempt; earlier++) {
    const end = await readRecord(store, keyOf.end(ref.run, earlier), attemptEnd);
    if (end === undefined)
      throw refused(`attempt ${String(ref.attempt)} of run ${ref.run}: attempt ${String(earlier)} has no recorded end`);
    const next = decideNext(end.outcome, plan, spent);
    if (next.do !== 'requeue')
      throw refused(`attempt ${String(ref.attempt)} of run ${ref.run}: attempt ${String(earlier)} was its last`);
    spent = next.spent;
  }
}
