import { annotation } from './labels.ts';
import { holds, type Job } from './objects.ts';

/** Its controller has come to an end with it. */
export const hasEnded = ({ status }: Job): boolean =>
  holds(status?.conditions, 'Failed') !== undefined || holds(status?.conditions, 'Complete') !== undefined;

/** Somebody asked for its end: nothing of it starts any more. */
export const isStopped = ({ metadata }: Job): boolean => metadata.annotations?.[annotation.stopped] !== undefined;

/** Its pod's end is its own: there is one, and no other comes in its place. */
export const isSingle = ({ spec: { parallelism = 1, completions = 1, backoffLimit = 0 } = {} }: Job): boolean =>
  parallelism === 1 && completions === 1 && backoffLimit === 0;
