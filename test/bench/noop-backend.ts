import type { Backend } from '../../activities/backends/backend.ts';
import { noSubmitterArgs } from '../../activities/backends/no-submitter-args.ts';

const nothing = (): Promise<void> => Promise.resolve();

/** Starts nothing, and every attempt of it has succeeded at once: what is left is the cost of everything around a job. */
export const noopBackend: Backend = {
  name: 'noop',
  hostBound: true,
  sources: ['code'],
  checkResourceArgs: () => [],
  whyUnmounted: () => 'there are no images',
  submitters: noSubmitterArgs('noop'),
  placeOf: () => undefined,
  check: nothing,
  submit: nothing,
  follow: () => Promise.resolve({ kind: 'succeeded', exitCode: 0, at: new Date().toISOString() }),
  stop: nothing,
  release: nothing,
  list: () => Promise.resolve([]),
  agents: () => Promise.resolve([]),
  keeps: () => Promise.resolve([]),
  forget: nothing,
  close: () => undefined,
};
