import { renderTable } from '../../scripts/render.ts';
import type { Burst } from './burst.ts';
import type { Latency } from './latency.ts';
import type { Machine } from './machine.ts';
import { percentile, type Spread } from './statistics.ts';
import type { Throughput } from './throughput.ts';

/** Everything that was measured; what was not asked for is not there. */
export interface Report {
  machine: Machine;
  throughput?: Throughput;
  latencies?: Latency[];
}

/** What launches are to reach of the rate of a bare workflow. */
const goalRatio = 0.8;

/** For people, as tables. */
export function renderReport({ machine, throughput, latencies }: Report): string {
  const parts = [describeMachineIn(machine)];
  if (throughput !== undefined) parts.push(renderThroughput(throughput));
  if (latencies !== undefined) parts.push(renderLatencies(latencies));
  return parts.join('\n\n');
}

export function describeMachineIn(machine: Machine): string {
  const { cpu, cores, memoryGib, os, node, temporalSdk, temporalServer, loadAtStart } = machine;
  return [
    `${cpu}, ${String(cores)} cores, ${String(memoryGib)} GiB; ${os}`,
    `Node ${node}, Temporal SDK ${temporalSdk}, ${temporalServer}; load at start ${loadAtStart.toFixed(2)}`,
  ].join('\n');
}

function renderThroughput({ launches, bursts, ratio }: Throughput): string {
  const head = ['throughput (medians)', 'per second', 'events', 'CPU-ms of one', 'CPU-ms of others meanwhile'];
  const rows = [
    row('launch, backend does nothing', bursts.launch),
    row('3 empty activities, eager', bursts.bareEager),
    row('3 empty activities, through their task queue', bursts.bareQueued),
  ];
  const said = (to: string, { p50, least, most, samples }: Spread): string =>
    `ratio to ${to}: ${p50.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)} in ${String(samples)} rounds of ${String(launches)}), goal ${String(goalRatio)}`;
  return [renderTable(head, rows), said('eager', ratio.bareEager), said('task queue', ratio.bareQueued)].join('\n');
}

function row(name: string, bursts: readonly Burst[]): string[] {
  const middle = (of: (burst: Burst) => number, digits: number): string =>
    percentile(bursts.map(of), 50).toFixed(digits);
  const processes = Object.keys(bursts[0]?.cpuMs ?? {});
  return [
    name,
    middle(({ perSecond }) => perSecond, 1),
    middle(({ events }) => events, 0),
    processes.map((process) => `${process} ${middle(({ cpuMs }) => cpuMs[process] ?? NaN, 1)}`).join(', '),
    middle(({ othersCpuMs }) => othersCpuMs, 1),
  ];
}

export function renderLatencies(latencies: readonly Latency[]): string {
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  const rows = latencies.map(({ what, samples, p50, p95, most, goalMs }) => [
    what,
    ...[p50, p95, most].map(ms),
    String(samples),
    goalMs === undefined ? '' : `p50 < ${ms(goalMs)}`,
  ]);
  return renderTable(['latency', 'p50', 'p95', 'most', 'samples', 'goal'], rows);
}
