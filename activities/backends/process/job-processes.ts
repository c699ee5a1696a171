import type { AttemptRef } from '../backend.ts';
import type { ProcessContext } from './context.ts';
import { errorCode } from './files.ts';
import type { AttemptFiles } from './layout.ts';
import type { RunningProcess } from './platform.ts';
import { neverStarts } from './start-lock.ts';
import { pause } from '../waiting.ts';

/** The processes of one started attempt: its group, and what left the group but carries the attempt's environment. */
export interface JobProcesses {
  /** Whether the wrapper runs: without it nobody keeps the exit code. */
  isWatched(): Promise<boolean>;
  /** Whether anything runs. */
  isRunning(): Promise<boolean>;
  /** TERM to the group. */
  terminate(): Promise<void>;
  /** KILL to all, again and again until nothing runs. */
  kill(signal: AbortSignal): Promise<void>;
}

/**
 * A process id alone says nothing: it may be somebody else's by now. Ours is a process that was started with the attempt's directory as an
 * argument (the wrapper) or with its environment; and the group, if one of those is in it: an id is not given again while its group lives.
 */
export function jobProcesses(context: ProcessContext, files: AttemptFiles, ref: AttemptRef, pid: number): JobProcesses {
  const marks = [`RELAUNCH_CHECKPOINT_DIR=${files.checkpoint}`, `RELAUNCH_ATTEMPT=${String(ref.attempt)}`];
  const isWatched = async (): Promise<boolean> =>
    pid !== neverStarts && (await context.platform.hasArgument(pid, files.directory));

  async function members(): Promise<RunningProcess[]> {
    if (pid === neverStarts) return [];
    const all = await context.platform.processes(marks);
    const inGroup = all.filter(({ group }) => group === pid);
    const groupIsOurs = inGroup.some(({ marked }) => marked) || (await isWatched());
    return all.filter((one) => one.pid !== process.pid && (one.marked || (groupIsOurs && one.group === pid)));
  }

  return {
    isWatched,

    isRunning: async () => (await isWatched()) || (await members()).length > 0,

    async terminate() {
      if ((await members()).some(({ group }) => group === pid)) send(-pid, 'SIGTERM');
    },

    async kill(signal) {
      for (;;) {
        const left = await members();
        if (left.length === 0) return;
        signal.throwIfAborted();
        if (left.some(({ group }) => group === pid)) send(-pid, 'SIGKILL');
        for (const one of left) send(one.pid, 'SIGKILL');
        await pause(10, signal);
      }
    },
  };
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    // ESRCH: gone in the meantime. EPERM: macOS says so of groups of zombies.
    if (errorCode(error) !== 'ESRCH' && errorCode(error) !== 'EPERM') throw error;
  }
}
