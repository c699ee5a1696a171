import type { Platform } from './platform.ts';

/** What all parts of the process backend stand on. */
export interface ProcessContext {
  /** RELAUNCH_HOME, absolute. */
  home: string;
  /** The name of this host, for outcomes. */
  node: string;
  /** Between two looks at a running job. */
  pollMs: number;
  platform: Platform;
}

/** What starting a job needs besides. */
export interface SubmitContext extends ProcessContext {
  /** The environment of every job, before its queue's and its own. */
  baseEnv: Readonly<Record<string, string>>;
  /** The shell that runs wrapper.sh. */
  shell: string;
  /** Told of each step as it is done: fault tests die there. */
  reached(point: ProcessPoint): void | Promise<void>;
}

export type ProcessPoint = 'process:attempt-recorded' | 'process:unpacked' | 'process:spawned';
