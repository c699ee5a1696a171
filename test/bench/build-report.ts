import { renderTable } from '../../scripts/render.ts';
import type { BuildTimes } from './build-trials.ts';
import type { Latency } from './latency.ts';
import type { Machine } from './machine.ts';
import { describeMachineIn, renderLatencies } from './report.ts';

/** Everything that was measured; what was not asked for is not there. */
export interface BuildReport {
  machine: Machine;
  /** Its version. */
  engine: string;
  builds?: BuildTimes[];
  latencies?: Latency[];
}

/** For people, as tables. */
export function renderBuildReport({ machine, engine, builds, latencies }: BuildReport): string {
  const parts = [`${describeMachineIn(machine)}\nDocker Engine ${engine}`];
  if (builds !== undefined) parts.push(buildTable(builds));
  if (latencies !== undefined) parts.push(renderLatencies(latencies));
  return parts.join('\n\n');
}

function buildTable(builds: readonly BuildTimes[]): string {
  const trials = builds[0]?.ratio.samples ?? 0;
  const head = [
    `builds (medians of ${String(trials)})`,
    'relaunch',
    'docker build, push',
    'ratio',
    'submit -> container started',
  ];
  const ms = ({ p50 }: { p50: number }): string => `${p50.toFixed(0)} ms`;
  const rows = builds.map(({ step, relaunch, plain, ratio, started }) => [
    step,
    ms(relaunch),
    ms(plain),
    `${ratio.p50.toFixed(2)} (${ratio.least.toFixed(2)} to ${ratio.most.toFixed(2)})`,
    ms(started),
  ]);
  return renderTable(head, rows);
}
