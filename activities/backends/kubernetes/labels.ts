import { label } from '../labels.ts';
import type { Metadata } from './objects.ts';

export const annotation = {
  /** The container that runs the job, of several. */
  main: 'relaunch.dev/main-container',
  /** Somebody asked for its end: nothing of it may start any more. */
  stopped: 'relaunch.dev/stopped',
  /** `account@host`: whose credentials for which registry its image is pulled with. */
  pulledAs: 'relaunch.dev/pulled-as',
  /** How long what does not start is tried for, in s, where its queue says so. */
  startToleration: 'relaunch.dev/start-toleration-seconds',
  /** Where on its volume the code is that it mounts. */
  code: 'relaunch.dev/code',
  /** What the log says before anything else, a line each. */
  warnings: 'relaunch.dev/warnings',
} as const;

/** In every pod: keeps its last state readable, also after a deletion, until we have recorded it. */
export const finalizer = 'relaunch.dev/observed';

export const uidOf = ({ labels }: Metadata): string | undefined => labels?.[label.uid];
