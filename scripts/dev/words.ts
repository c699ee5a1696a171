import { colours } from '../colours.ts';
import type { Relaunch, Settings } from '../../client/index.ts';
import type { Cli } from '../cli.ts';
import { preemptRuns } from './preempt-runs.ts';

/** What can be done now. */
export function greet(cli: Cli, { uiUrl = '', temporal }: Settings, queue: string, maxJobs: number): void {
  cli.out.line(
    `${colours.bold('relaunch dev')} serves queue ${colours.bold(queue)}, ${String(maxJobs)} runs at a time`,
  );
  cli.out.line(`  Web UI    ${uiUrl}`);
  cli.out.line(`  Temporal  ${temporal.address}`);
  cli.out.line(`In another terminal: ${colours.cyan(`relaunch launch -q ${queue} -E "python train.py" --follow`)}`);
  cli.out.line('Ctrl-C stops it.');
}

/** Preempts the agent's runs and tells about it. */
export async function sayGoodbye(
  cli: Cli,
  relaunch: Relaunch,
  agent: string,
  liveAttempts: () => number,
): Promise<void> {
  const asked = await preemptRuns(relaunch, {
    agent,
    reason: 'relaunch dev stopped',
    liveAttempts,
    waitingFor: (runs) => {
      if (runs.length > 0) cli.err.line(`waiting until preempted: ${runs.join(', ')}`);
    },
  });
  if (asked.length === 0) return;
  cli.err.line(
    `${String(asked.length)} run${asked.length === 1 ? '' : 's'} preempted, back in the queue; the next \`relaunch dev\` goes on with them. It counts as a requeue.`,
  );
}
