import { fileURLToPath } from 'node:url';
import { follow, preempt, submit, type Relaunch, type Run } from '../../client/index.ts';
import { epochOf, type Epoch } from './epochs.ts';
import type { Trained } from './verdict.ts';

export const epochs = 20;

export interface Watcher {
  epoch(epoch: Epoch, state: string): void;
  say(what: string): void;
}

export interface DigitsOptions {
  name: string;
  queue: string;
  /** Stretches each epoch without changing what is learnt. */
  epochSleepS: number;
  user: string;
}

/** Submits examples/digits. */
export function submitDigits(relaunch: Relaunch, { name, queue, epochSleepS, user }: DigitsOptions): Promise<Run> {
  return submit(relaunch, {
    name,
    project: 'quickstart',
    queue,
    user,
    source: { code: { dir: fileURLToPath(new URL('../../examples/digits', import.meta.url)) } },
    entrypoint: ['python3', 'train.py'],
    runConfig: { epochs, seed: 1, epoch_sleep: epochSleepS },
  });
}

/** Follows a run to its end, and preempts it once after an epoch, if one is named. */
export async function watch(
  relaunch: Relaunch,
  run: Run,
  preemptAfter: number | undefined,
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
    if (asked || preemptAfter === undefined || epoch.epoch < preemptAfter) continue;
    asked = true;
    watcher.say(`preempting it, after epoch ${String(epoch.epoch)}`);
    await preempt(relaunch, run.workflowId, { by: 'quickstart', reason: 'to see it go on' });
  }
  if (signal.reason instanceof DOMException) throw new Error(`run ${run.id} did not end in time`);
  throw signal.reason;
}
