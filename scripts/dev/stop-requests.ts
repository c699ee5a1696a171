import type { Cli } from '../cli.ts';
import { onStopSignals } from '../until-signal.ts';
import type { DevServer } from './server.ts';

export interface StopRequests {
  /** Resolves with the first signal. */
  asked: Promise<undefined>;
  /** What the second signal kills before it ends the process. */
  killFirst(server: DevServer): void;
  unlisten(): void;
}

/** The first signal asks, the second one ends everything at once. */
export function stopRequests(cli: Cli): StopRequests {
  let server: DevServer | undefined;
  const { promise: asked, resolve } = Promise.withResolvers<undefined>();
  const unlisten = onStopSignals((times) => {
    if (times === 1) {
      cli.err.line('stopping: taking no new runs, preempting the live ones (again: at once)');
      resolve(undefined);
      return;
    }
    server?.kill();
    cli.err.line('ended at once: jobs that still ran go on, and the next `relaunch dev` finds them');
    process.exit(130);
  });
  const killFirst = (started: DevServer): void => {
    server = started;
  };
  return { asked, unlisten, killFirst };
}
