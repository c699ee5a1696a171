import { attemptEnd, stopArgument, type Released, type StopArgument } from '../contracts/activities.ts';
import { outcomeAsked } from '../contracts/asked-outcome.ts';
import { RelaunchError } from '../contracts/failures.ts';
import { claim } from '../contracts/records.ts';
import { agentTaskQueue } from '../contracts/task-queues.ts';
import { isAgentAlive } from '../store/agent-lease.ts';
import { keyOf } from '../store/layout.ts';
import { writeOnce } from '../store/records.ts';
import { finish } from './await-attempt.ts';
import type { AgentDependencies } from './dependencies.ts';
import { ask, checkHost, forOwnAttempt, type PlannedAttempt } from './own-attempt.ts';

/** Records and removes an attempt in await's place. Where only its host could, and this is not it, it says who can, or makes sure that nobody begins. */
export function releaseAttempt(needs: AgentDependencies, argument: unknown): Promise<Released> {
  return forOwnAttempt(needs, stopArgument, argument, async (own, signal) => {
    const { argument: asked } = own;
    const here = !own.backend.hostBound || own.taskQueue === agentTaskQueue(needs.agent);
    if (own.end !== undefined && !here) return { end: own.end };
    if (here) return { end: await stopAndFinish(needs, own, asked, signal) };
    return asked.as === 'lost' ? recordLost(needs, own, asked) : giveUp(needs, own, asked, signal);
  });
}

async function stopAndFinish(needs: AgentDependencies, own: PlannedAttempt, asked: StopArgument, signal: AbortSignal) {
  const { ref, plan, backend } = own;
  if (own.end === undefined) {
    await checkHost(needs, own);
    await ask(needs.store, ref, asked);
    await needs.reached('release:after-asked');
    await backend.stop(ref, plan.gracePeriodMs, signal);
    await needs.reached('release:after-stop');
  }
  return finish(needs, own, signal);
}

/** The agent that alone could tell is gone. If it is not, whoever says so is wrong, or lies. */
async function recordLost(needs: AgentDependencies, own: PlannedAttempt, asked: StopArgument): Promise<Released> {
  const { store } = needs;
  const { ref } = own;
  const held = await writeOnce(store, keyOf.claim(ref.run, ref.attempt), { tombstone: true }, claim);
  if ('agent' in held && (await isAgentAlive(store, held.agent))) {
    throw new RelaunchError(
      'BackendUnavailable',
      `agent ${held.agent} is alive: only it can say how the attempt ended`,
    );
  }
  return { end: await recordEnd(needs, own, asked) };
}

async function giveUp(
  needs: AgentDependencies,
  own: PlannedAttempt,
  asked: StopArgument,
  signal: AbortSignal,
): Promise<Released> {
  const { ref } = own;
  await needs.reached('release:before-tombstone');
  const held = await writeOnce(needs.store, keyOf.claim(ref.run, ref.attempt), { tombstone: true }, claim);
  await needs.reached('release:after-tombstone');
  if ('tombstone' in held) return { end: await recordEnd(needs, own, asked) };
  if (held.agent === needs.agent) return { end: await stopAndFinish(needs, own, asked, signal) };
  return { follow: held.follow, agent: held.agent };
}

async function recordEnd(needs: AgentDependencies, { ref, plan }: PlannedAttempt, asked: StopArgument) {
  const { run, attempt } = ref;
  const outcome = outcomeAsked(asked, { at: new Date().toISOString() });
  const end = await writeOnce(needs.store, keyOf.end(run, attempt), { outcome, summary: {} }, attemptEnd);
  await needs.reached('release:after-record');
  await needs.places.leave(plan.queue, ref, end.outcome);
  return end;
}
