import type { Attempt, AttemptRef, Backend } from '../../activities/backends/backend.ts';

export interface AttemptOptions {
  command: string[];
  /** The submitter's. */
  env?: Record<string, string>;
  /** By variable. */
  secrets?: Record<string, { as: 'file' | 'env'; value: string }>;
  uid?: string;
  /** Default: a run of its own for each attempt. */
  run?: string;
  n?: number;
  agent?: string;
}

export const sh = (script: string): string[] => ['sh', '-c', script];

/** For calls that nobody aborts. */
export const never = new AbortController().signal;

/** A job that says `ready` and goes on until it is killed or, having said `saved`, ends at TERM with `exitCode`. */
export const untilTerm = (exitCode: number): string[] =>
  sh(`trap 'echo saved; exit ${String(exitCode)}' TERM; echo ready; while :; do sleep 0.05; done`);
export const ignoringTerm = sh(`trap '' TERM; echo ready; while :; do sleep 0.05; done`);

/** A backend under test, with eyes of its own on what really runs. */
export interface BackendHarness {
  backend: Backend;
  /** What a job writes to stderr comes as stdout, in the order in which it was written. */
  mergesStreams?: boolean;
  /** Jobs are process 1: a signal that they do nothing about does not reach them, not even their own. */
  isInit?: boolean;
  attempt(options: AttemptOptions): Attempt;
  /** Processes of the attempt that run, as the system tells, not the backend. */
  countAlive(ref: AttemptRef): Promise<number>;
  cleanup(): Promise<void>;
}

export interface ContractTools {
  harness: () => BackendHarness;
  /** Submits an attempt. */
  start: (options: AttemptOptions) => Promise<Attempt>;
}
