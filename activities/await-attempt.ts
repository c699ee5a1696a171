import { attemptArgument, attemptEnd, type AttemptEnd } from '../contracts/activities.ts';
import { nameOutcome } from '../contracts/asked-outcome.ts';
import type { Plan } from '../contracts/plan.ts';
import { asked as askedSchema } from '../contracts/records.ts';
import { keyOf } from '../store/layout.ts';
import { keepFirsts } from '../store/first-seen.ts';
import { openLogWriter } from '../store/log-writer.ts';
import { readRecord, writeOnce } from '../store/records.ts';
import type { Leaving, Sink, Verdict } from './backends/backend.ts';
import type { AgentDependencies } from './dependencies.ts';
import { longTimeout } from './long-timeout.ts';
import { ask, checkHost, forOwnAttempt, type PlannedAttempt } from './own-attempt.ts';
import { PhaseReporter } from './phase-reporter.ts';
import { maskedError, maskedLines } from './secrets/masked-error.ts';
import { masking } from './secrets/masking.ts';

/** After the workflow's own timer, so that an honest workflow ends its run itself. */
export const enforcementSlackMs = 30_000;
const enforcementRetryMs = 5_000;

/**
 * Follows an attempt to its end. It observes, records and removes; it never ends an attempt. Shutdown, time-out, pause and reset are not the
 * job's affair, the next await goes on where this one was; where there is none because the workflow is gone, the janitor comes.
 */
export function awaitAttempt(needs: AgentDependencies, argument: unknown): Promise<AttemptEnd> {
  return forOwnAttempt(needs, attemptArgument, argument, (own, signal) => finish(needs, own, signal));
}

/** From wherever the attempt is to its recorded end, with nothing of it left but the record and the logs. */
export async function finish(needs: AgentDependencies, own: PlannedAttempt, signal: AbortSignal): Promise<AttemptEnd> {
  const { ref, backend } = own;
  const end = own.end ?? (await followAndRecord(needs, own, signal));
  await needs.reached('await:after-record');
  needs.permits.ended(ref);
  await needs.places.leave(own.plan.queue, ref, end.outcome);
  await backend.release(ref, signal, leavingOf(own.plan));
  await needs.reached('await:after-release');
  return end;
}

/** A job on a machine that is lost may still run: forgotten only where the queue says that its run goes on all the same. */
const leavingOf = ({ requeue }: Plan): Leaving =>
  requeue.on.includes('node-lost') ? 'forget-unreachable' : 'leave-unreachable';

async function followAndRecord(
  needs: AgentDependencies,
  own: PlannedAttempt,
  signal: AbortSignal,
): Promise<AttemptEnd> {
  const { ref, plan, backend } = own;
  const { store } = needs;
  await checkHost(needs, own);
  // What the backend still finds of what was given, and what the agent has now: either may have changed since.
  const known = await needs.secrets.known(plan.secrets);
  let mask = masking(known);
  const log = await openLogWriter(store, ref.run, ref.attempt);
  const phases = new PhaseReporter(needs.ownWorkflow, own);
  let callOff: (() => void) | undefined;
  const sink: Sink = {
    cursor: log.cursor,
    line: (line, cursor) => log.line({ ...line, m: mask(line.m) }, cursor),
    hides: (secrets) => {
      mask = masking([...known, ...secrets]);
    },
    keep: (firsts) => keepFirsts(store, ref.run, ref.attempt, firsts),
    observed: (phase) => {
      phases.enter(phase);
      if (phase.phase === 'running') {
        callOff ??= enforceRunTimeout(needs, own, phase.at, signal);
        void needs.reached('await:running');
      }
    },
  };
  try {
    const verdict = masked(await backend.follow(ref, sink, signal), (line) => mask(line));
    const summary = await log.end();
    const asked = await readRecord(store, keyOf.asked(ref.run, ref.attempt), askedSchema);
    const outcome = nameOutcome(verdict, asked, plan.requeue.on);
    await needs.reached('await:before-record');
    return await writeOnce(store, keyOf.end(ref.run, ref.attempt), { outcome, summary }, attemptEnd);
  } catch (error) {
    throw maskedError(error, mask);
  } finally {
    callOff?.();
    phases.close();
    await log.close();
  }
}

const masked = (verdict: Verdict, mask: (line: string) => string): Verdict =>
  verdict.message === undefined ? verdict : { ...verdict, message: maskedLines(verdict.message, mask) };

/** The queue's bound holds also for a workflow that does not keep it. */
function enforceRunTimeout(
  needs: AgentDependencies,
  { ref, plan, backend }: PlannedAttempt,
  since: string | undefined,
  signal: AbortSignal,
): (() => void) | undefined {
  if (plan.maxRunTimeoutMs === undefined) return undefined;
  const runningMs = since === undefined ? 0 : Date.now() - Date.parse(since);
  const dueMs = Math.max(0, plan.maxRunTimeoutMs + enforcementSlackMs - runningMs);
  const stop = async (): Promise<void> => {
    await ask(needs.store, ref, { as: 'timed-out', phase: 'run', by: needs.agent });
    await backend.stop(ref, plan.gracePeriodMs, signal);
  };
  let callOff = (): void => undefined;
  let over = false;
  const arm = (ms: number): void => {
    callOff = longTimeout(() => {
      stop().catch(() => {
        if (!over) arm(enforcementRetryMs);
      });
    }, ms);
  };
  arm(dueMs);
  return () => {
    over = true;
    callOff();
  };
}
