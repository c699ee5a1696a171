import { describeMachineIn } from './report.ts';
import type { Machine } from './machine.ts';
import type { Spread } from './statistics.ts';
import type { Sweeps } from './sweep-rate.ts';

/** For people. */
export function renderSweepReport(machine: Machine, sweeps: Sweeps): string {
  const { trials, workers, perSecond, launchesPerSecond, ratio, eventsPerTrial, executions, memoryMib } = sweeps;
  const spread = ({ p50, least, most, samples }: Spread): string =>
    `${p50.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)} in ${String(samples)} rounds)`;
  const memory = Object.entries(memoryMib).map(([name, mib]) => `${name} ${mib.toFixed(0)} MiB`);
  return [
    describeMachineIn(machine),
    '',
    `sweeps of ${String(trials)} trials, ${String(workers)} in flight, jobs that do nothing`,
    `trials per second            ${spread(perSecond)}`,
    `launches per second          ${spread(launchesPerSecond)}`,
    `ratio                        ${spread(ratio)}`,
    `events of the sweep a trial  ${eventsPerTrial.toFixed(1)}, in ${String(executions)} executions`,
    `memory at the end            ${memory.join(', ')}`,
  ].join('\n');
}
