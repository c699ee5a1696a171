import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError, list, preempt, status, type Relaunch } from '../../client/index.ts';

export interface PreemptOptions {
  /** Only its runs are asked. */
  agent: string;
  reason: string;
  /** How many attempts the agent knows to be alive. */
  liveAttempts: () => number;
  /** Called whenever the list of runs that are still alive changes. */
  waitingFor: (runs: readonly string[]) => void;
}

const pollMs = 300;
/** A run that is just being submitted shows only when it starts: nothing alive for so long, and there is none. */
const quietMs = 1_200;
/** The agent may count attempts of workflows that are gone. */
const unknownPatienceMs = 15_000;

/** Preempts all runs of an agent that takes no new ones, and waits until each is queued or has ended. Answers which it asked. */
export async function preemptRuns(
  relaunch: Relaunch,
  { agent, reason, liveAttempts, waitingFor }: PreemptOptions,
): Promise<string[]> {
  const asked = new Map<string, number>();
  let before = '';
  for (let calmMs = 0; calmMs < (liveAttempts() > 0 ? unknownPatienceMs : quietMs); calmMs += pollMs) {
    const live = await liveRuns(relaunch, agent);
    for (const { run, attempt } of live) {
      if (asked.get(run) === attempt) continue;
      await ask(relaunch, run, reason);
      asked.set(run, attempt);
    }
    const runs = live.map(({ run }) => run);
    if (runs.join() !== before) waitingFor(runs);
    before = runs.join();
    if (runs.length > 0) calmMs = -pollMs;
    await sleep(pollMs);
  }
  return [...asked.keys()];
}

async function liveRuns(relaunch: Relaunch, agent: string): Promise<{ run: string; attempt: number }[]> {
  const rows = await list(relaunch, { state: ['starting', 'running'], query: 'ExecutionStatus = "Running"' }, 100_000);
  const found = await Promise.all(
    rows.map(async ({ workflowId }) => {
      const now = await status(relaunch, workflowId);
      const last = now?.attempts.at(-1);
      // Who does not answer may be alive.
      if (now === undefined || last === undefined) return { run: workflowId, attempt: 0 };
      const alive =
        last.outcome === undefined && now.state !== 'queued' && (last.agent === undefined || last.agent === agent);
      return alive ? { run: workflowId, attempt: last.attempt } : undefined;
    }),
  );
  return found.filter((run) => run !== undefined);
}

async function ask(relaunch: Relaunch, run: string, reason: string): Promise<void> {
  try {
    await preempt(relaunch, run, { by: 'relaunch dev', reason });
  } catch (error) {
    if (!(error instanceof ClientError && error.code === 'run-ended')) throw error;
  }
}
