import type { Command } from 'commander';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { connect, readSettings, type Relaunch, type Settings } from '../client/index.ts';

/** What a command may use of the process it runs in. */
export interface Cli {
  env: Readonly<Record<string, string | undefined>>;
  /** Whether the words after `--` were set apart, which commander does not tell. */
  argv: readonly string[];
  cwd: string;
  /** Who asks, unless a flag says. */
  user: string;
  version: string;
  out: Screen;
  err: Screen;
  /** Asks whoever sits at the terminal. Undefined: nobody does. */
  ask?: ((question: string) => Promise<string>) | undefined;
  /** The exit code, when everything has ended by itself. */
  exitWith(code: number): void;
}

/** One of the two streams. */
export interface Screen {
  /** Whether a person reads it: colours, and lines that change. */
  tty: boolean;
  line(text?: string): void;
  /** Writes over the line before, on a terminal. */
  raw(text: string): void;
}

/** Options that every command takes that talks to Temporal or the store. */
export interface CommonFlags {
  entity?: string;
  json?: boolean;
}

export function withEntity(command: Command): Command {
  return command.option(
    '-e, --entity <name>',
    'the team, a namespace of Temporal (default: TEMPORAL_NAMESPACE, else "default")',
  );
}

export function withJson(command: Command, what = 'print one JSON document'): Command {
  return command.option('--json', what);
}

export const settingsOf = (cli: Cli, { entity }: CommonFlags): Settings => readSettings(cli.env, { entity });

/** The store that the settings name, with the queues of a directory before its own. */
export function storeOf(cli: Cli, flags: CommonFlags): Store {
  const { storeUrl, queueDirectory } = settingsOf(cli, flags);
  return openStore(storeUrl, queueDirectory);
}

/** Runs `work` with a connection, and closes it. */
export async function connected<T>(cli: Cli, flags: CommonFlags, work: (relaunch: Relaunch) => Promise<T>): Promise<T> {
  const relaunch = await connect(settingsOf(cli, flags));
  try {
    return await work(relaunch);
  } finally {
    await relaunch.close();
  }
}

/** Where the Web UI shows a run; undefined where we do not know of one. */
export function pageOf({ uiUrl, entity }: Settings, workflowId: string): string | undefined {
  return uiUrl === undefined
    ? undefined
    : `${uiUrl}/namespaces/${encodeURIComponent(entity)}/workflows/${encodeURIComponent(workflowId)}`;
}

/** Text for `--help`: commands as a user would type them. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** Collects a flag that may be given several times. */
export const several = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];
