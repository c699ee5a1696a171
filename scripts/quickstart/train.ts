import { fileURLToPath } from 'node:url';
import { follow, preempt, submit, type Relaunch, type Run } from '../../client/index.ts';
import type { LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { epochOf, type Epoch } from './epochs.ts';
import type { Trained } from './verdict.ts';

export const epochs = 20;

export interface Watcher {
  epoch(epoch: Epoch, state: string): void;
  say(what: string): void;
}

export const example = fileURLToPath(new URL('../../examples/digits', import.meta.url));

/** What takes a run's machine away, once. */
export interface Interruption {
  /** It comes after this one. */
  epoch: number;
  /** What it does, for people: `preempting it`. */
  words: string;
  act(run: Run): Promise<void>;
}

/** As `relaunch preempt` does. */
export const preemption = (relaunch: Relaunch, epoch: number): Interruption => ({
  epoch,
  words: 'preempting it',
  act: ({ workflowId }) => preempt(relaunch, workflowId, { by: 'quickstart', reason: 'to see it go on' }),
});

export interface DigitsOptions {
  name: string;
  queue: string;
  /** Default: the directory. */
  source?: LaunchSpecInput['source'] | undefined;
  /** Stretches each epoch without changing what is learnt. */
  epochSleepS: number;
  user: string;
}

/** Submits examples/digits. */
export function submitDigits(
  relaunch: Relaunch,
  { name, queue, source = { code: { dir: example } }, epochSleepS, user }: DigitsOptions,
): Promise<Run> {
  return submit(relaunch, {
    name,
    project: 'quickstart',
    queue,
    user,
    source,
    entrypoint: ['python3', 'train.py'],
    runConfig: { epochs, seed: 1, epoch_sleep: epochSleepS },
  });
}

/** Follows a run to its end, and interrupts it on the way, if that is wanted. */
export async function watch(
  relaunch: Relaunch,
  run: Run,
  interruption: Interruption | undefined,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<Trained> {
  const seen: Epoch[] = [];
  let state = 'queued';
  let asked = false;
  for await (const event of follow(relaunch, run.workflowId, { signal, pollMs: 250 })) {
    if (event.kind === 'end') return { end: event.end, epochs: seen };
    if (event.kind === 'state') {
      state = event.state;
      watcher.say(`${state}, ${event.progress}`);
      continue;
    }
    if (event.kind === 'held') {
      watcher.say(`held up: ${event.why}`);
      continue;
    }
    const epoch = epochOf(event);
    if (epoch === undefined) continue;
    seen.push(epoch);
    watcher.epoch(epoch, state);
    if (asked || interruption === undefined || epoch.epoch < interruption.epoch) continue;
    asked = true;
    watcher.say(`${interruption.words}, after epoch ${String(epoch.epoch)}`);
    await interruption.act(run);
  }
  if (signal.reason instanceof DOMException) throw new Error(`run ${run.id} did not end in time`);
  throw signal.reason;
}
