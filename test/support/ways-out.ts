import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { temporalCli } from '../../scripts/temporal-binaries.ts';
import { atMost } from '../../activities/at-most.ts';
import type { Cluster } from './cluster.ts';

/** How a run is ended from outside. */
export interface Way {
  title: string;
  /** What Temporal then says of it; after `deleted` it may take Temporal a minute until it says nothing any more. */
  closes: 'CANCELLED' | 'TERMINATED' | 'deleted';
  /** Whether it takes many runs at a time. */
  together: boolean;
  /** Resolves when all was asked. `project`: that of all these runs, and of no others. */
  take(cluster: Cluster, runs: readonly string[], project: string): Promise<void>;
}

const execute = promisify(execFile);

/** Each is a second of computing before it asks anything. */
const commandsAtOnce = atMost(3);

const cancel = (cluster: Cluster, ...which: string[]): Promise<void> =>
  commandsAtOnce(() => relaunch(cluster, 'cancel', ...which));

async function relaunch(cluster: Cluster, ...args: string[]): Promise<void> {
  const { code, output } = await cluster.run(...args);
  if (code !== 0) throw new Error(`relaunch ${args.join(' ')}: exit code ${String(code)}: ${output}`);
}

/** Runs Temporal's own command. @throws an Error with what it said, if that is not well */
export async function temporal(cluster: Cluster, ...args: string[]): Promise<void> {
  const { env } = cluster;
  const cli = await temporalCli();
  try {
    await execute(cli, [...args, '--address', env['TEMPORAL_ADDRESS'] ?? ''], { env });
  } catch (error) {
    // The server's word for "not now, try again", while its disk is slow.
    if (!String(error).includes('Workflow is busy')) throw error;
    await temporal(cluster, ...args);
  }
}

/** For each run a command of its own. */
const each = (title: string, closes: Way['closes'], take: (cluster: Cluster, run: string) => Promise<void>): Way => ({
  title,
  closes,
  together: false,
  take: async (cluster, runs) => {
    for (const run of runs) await take(cluster, run);
  },
});

export const signal = (cluster: Cluster, run: string, ...input: string[]): Promise<void> =>
  temporal(cluster, 'workflow', 'signal', '--workflow-id', run, '--name', 'cancel', ...input);

/** What makes `temporal workflow signal` send anything but an object with two texts. Half of a JSON text it refuses itself. */
export const malformed = {
  words: ['--input', '"just words"'],
  types: ['--input', '{"by": 7, "reason": ["x"]}'],
  bytes: ['--input', '{"by":', '--input-meta', 'encoding=binary/unheard-of'],
} as const;

const cancels: readonly Way[] = [
  each('`relaunch cancel` of one', 'CANCELLED', (cluster, run) => cancel(cluster, run)),
  {
    title: '`relaunch cancel` of many',
    closes: 'CANCELLED',
    together: true,
    take: (cluster, runs) => cancel(cluster, ...runs),
  },
  {
    title: '`relaunch cancel --query`',
    closes: 'CANCELLED',
    together: true,
    take: (cluster, _runs, project) => cancel(cluster, '--query', `RelaunchProject = '${project}'`),
  },
  each('a signal', 'CANCELLED', (cluster, run) => signal(cluster, run, '--input', '{"by": "ada", "reason": "wrong"}')),
  each('an empty signal', 'CANCELLED', (cluster, run) => signal(cluster, run)),
  each('a malformed signal', 'CANCELLED', (cluster, run) => signal(cluster, run, ...malformed.bytes)),
  each('two signals', 'CANCELLED', async (cluster, run) => {
    await signal(cluster, run);
    // By then it may be over.
    await signal(cluster, run).catch((error: unknown) => {
      if (!String(error).includes('already completed')) throw error;
    });
  }),
  each("Temporal's Cancel", 'CANCELLED', (cluster, run) => temporal(cluster, 'workflow', 'cancel', '-w', run)),
];

export const waysOut: readonly Way[] = [
  ...cancels,
  each("Temporal's Terminate", 'TERMINATED', (cluster, run) => temporal(cluster, 'workflow', 'terminate', '-w', run)),
  {
    title: '`relaunch delete`',
    closes: 'deleted',
    together: true,
    take: (cluster, runs) => relaunch(cluster, 'delete', ...runs),
  },
  each("Temporal's Delete", 'deleted', (cluster, run) =>
    temporal(cluster, 'workflow', 'delete', '--yes', '--workflow-id', run),
  ),
];
