import type { AttemptLine } from '../client/index.ts';
import { forDisplay } from '../store/display.ts';
import { colours } from './colours.ts';

/** A line of a job on a screen; where there are several containers, with the one that wrote it. */
export function textOf({ c, m }: AttemptLine['line']): string {
  return `${c === undefined ? '' : `${colours.dim(`${forDisplay(c)}:`)} `}${forDisplay(m)}`;
}
