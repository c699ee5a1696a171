import type { SweepResult } from '../contracts/sweep-result.ts';
import { longestDetails, plain } from './markdown.ts';

/** The sweep as markdown, for the Web UI. */
export function renderSweep({ state, running, total, numWorkers, tally }: SweepResult): string {
  const ended = tally.succeeded + tally.failed + tally.cancelled;
  const of = total === undefined ? '' : ` of ${String(total)}`;
  const counts = [
    `${String(ended)}${of} ended`,
    `${String(running)} running${numWorkers === undefined ? '' : ` (at most ${String(numWorkers)})`}`,
    `${String(tally.succeeded)} succeeded`,
    `${String(tally.failed)} failed`,
    ...(tally.cancelled === 0 ? [] : [`${String(tally.cancelled)} cancelled`]),
  ];
  const parts = [`**${state}** · ${counts.join(' · ')}`];
  if (tally.best !== undefined) parts.push(`best: ${String(tally.best.value)} by ${plain(tally.best.run)}`);
  if (tally.stopped !== undefined) parts.push(`no other trial is started: ${tally.stopped}`);
  if (tally.failures.length > 0) {
    const rows = tally.failures.map(({ run, message }) => `| ${plain(run)} | ${plain(message.slice(0, 400))} |`);
    parts.push(['| failed | why |', '| --- | --- |', ...rows].join('\n'));
  }
  return parts.join('\n\n').slice(0, longestDetails).toWellFormed();
}
