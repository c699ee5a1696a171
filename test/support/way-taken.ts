import { WorkflowNotFoundError } from '@temporalio/client';
import { keyOf } from '../../store/layout.ts';
import { states, type State } from './caught-run.ts';
import type { Cluster } from './cluster.ts';
import { leavingsOf, leavingsOfDeleted, processesOf } from './leavings.ts';
import { until, untilNone } from './until.ts';
import type { Way } from './ways-out.ts';

/** Fifty runs are looked at at once. */
const lookEveryMs = 250;

/** The runs on which one way out is tried: one in each state. */
export type Caught = Record<State, string>;

/** How long it took, over all ways. */
export class Measured {
  readonly #worst = new Map<State, { ms: number; way: string }>();

  add({ title }: Way, state: State, ms: number): void {
    if (ms > (this.#worst.get(state)?.ms ?? 0)) this.#worst.set(state, { ms, way: title });
  }

  /** The longest for each state, in words. */
  report(): string {
    const worst = [...this.#worst].map(([state, { ms, way }]) => `${state} ${(ms / 1_000).toFixed(1)} s (${way})`);
    return `at most ${worst.join(', ')}`;
  }
}

/** Takes the way, and waits until each run has closed and, where there is somebody to stop it, runs nothing any more: at most `boundMs` from when it was asked. Answers when that was, as Date.now(). */
export async function takeWay(
  cluster: Cluster,
  way: Way,
  caught: Caught,
  measured: Measured,
  { boundMs, agentGone = false }: { boundMs: number; agentGone?: boolean },
): Promise<Record<State, number>> {
  const runs = states.map((state) => ({ state, run: caught[state] }));
  const askedAt: Record<State, number> = { queued: 0, starting: 0, running: 0, 'backing-off': 0 };
  const groups = way.together ? [runs] : runs.map((one) => [one]);
  await Promise.all(
    groups.map(async (group) => {
      const before = performance.now();
      await way.take(
        cluster,
        group.map(({ run }) => run),
        projectOf(way),
      );
      // A command that deletes waits for the end itself.
      const asked = way.closes === 'deleted' ? before : performance.now();
      await Promise.all(
        group.map(async ({ state, run }) => {
          askedAt[state] = Date.now();
          const running = (): string[] => (agentGone ? [] : processesOf(run));
          const what = `${run} is over (${way.title} while ${state})`;
          await untilOver(cluster, run, way.closes, running, what, asked + boundMs - performance.now());
          measured.add(way, state, performance.now() - asked);
        }),
      );
    }),
  );
  return askedAt;
}

/** A value of RelaunchProject that no other way's runs have. */
export const projectOf = ({ title }: Way): string => title.replace(/[^a-zA-Z]+/g, '-');

async function untilOver(
  cluster: Cluster,
  run: string,
  closes: Way['closes'],
  running: () => string[],
  what: string,
  timeoutMs: number,
): Promise<void> {
  await until(
    what,
    async () => {
      const seen = await statusOf(cluster, run);
      const closed = closes === 'deleted' ? seen !== 'RUNNING' : seen === closes;
      const processes = closed ? running() : [];
      if (closed && processes.length === 0) return true;
      throw new Error([seen, ...processes].join(', '));
    },
    timeoutMs,
    lookEveryMs,
  );
}

/** Temporal's word for it. */
async function statusOf({ relaunch }: Cluster, run: string): Promise<string> {
  try {
    return (await relaunch.temporal.workflow.getHandle(run).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'deleted';
    throw error;
  }
}

/** Temporal deletes a closed workflow when it gets round to it: half a minute, on a busy machine two. */
const deletionPatienceMs = 180_000;

/** Waits until there is nothing on the host any more, and of what was deleted also nothing in the store: at most `boundMs` from now, or from its deletion in Temporal. */
export async function untilNoTrace(
  cluster: Cluster,
  way: Way,
  caught: Caught,
  measured: Measured,
  boundMs: number,
): Promise<void> {
  await Promise.all(
    states.map(async (state) => {
      const run = caught[state];
      const what = `${run} (${way.title} while ${state})`;
      if (way.closes === 'deleted') {
        const isDeleted = async (): Promise<boolean> => (await statusOf(cluster, run)) === 'deleted';
        await until(`Temporal deletes ${what}`, isDeleted, deletionPatienceMs, lookEveryMs);
      }
      const from = performance.now();
      const left = (): Promise<string[]> =>
        way.closes === 'deleted' ? tracesOf(cluster, run) : leavingsOf(cluster.home, run);
      await untilNone(`what is left of ${what}`, left, boundMs, lookEveryMs);
      measured.add(way, state, performance.now() - from);
    }),
  );
}

async function tracesOf({ relaunch, home }: Cluster, run: string): Promise<string[]> {
  return [...(await leavingsOfDeleted(home, run)), ...(await relaunch.store.list(keyOf.run(run)))];
}
