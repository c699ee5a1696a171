import { renderTable } from '../../scripts/render.ts';
import { totalOf, type Requests } from './kubernetes-audit.ts';
import type { CpuMs } from './kubernetes-cpu.ts';
import type { Memory } from './kubernetes-memory.ts';
import type { Quiet } from './kubernetes-quiet.ts';
import type { KubernetesFacts } from './kubernetes-testbed.ts';
import type { KubernetesThroughput } from './kubernetes-throughput.ts';
import type { Latency } from './latency.ts';
import type { Machine } from './machine.ts';
import { describeMachineIn, renderLatencies } from './report.ts';

/** Everything that was measured; what was not asked for is not there. */
export interface KubernetesReport {
  machine: Machine;
  kubernetes: KubernetesFacts;
  latencies: Latency[];
  throughput?: KubernetesThroughput;
  quiet?: Quiet[];
  memory?: Memory[];
}

/** What runs are to reach of the rate of bare Jobs. */
const goalRatio = 0.6;

/** For people, as tables. */
export function renderKubernetesReport(report: KubernetesReport): string {
  const { machine, kubernetes, latencies, throughput, quiet, memory } = report;
  const parts = [`${describeMachineIn(machine)}\n${factsIn(kubernetes)}`];
  if (latencies.length > 0) parts.push(renderLatencies(latencies));
  if (throughput !== undefined) parts.push(throughputTable(throughput));
  if (throughput?.requests !== undefined || quiet !== undefined) parts.push(requestTable(throughput, quiet));
  if (memory !== undefined) parts.push(memoryTable(memory));
  return parts.join('\n\n');
}

function factsIn({ version, kwok, nodes }: KubernetesFacts): string {
  return `Kubernetes ${version}, ${String(nodes)} nodes played by kwok${kwok === undefined ? '' : ` ${kwok}`}`;
}

function throughputTable({ runs, alive, bare, relaunch, ratio, events }: KubernetesThroughput): string {
  const head = ['throughput', 'per second', 'CPU-ms of one'];
  const rows = Object.entries({ 'bare Jobs': bare, runs: relaunch }).map(([name, { perSecond, cpuMs }]) => [
    name,
    perSecond.toFixed(1),
    cpuIn(cpuMs),
  ]);
  const said = `ratio ${ratio.toFixed(2)} with ${String(runs)} jobs of 1 s, at most ${String(alive)} alive, goal ${String(goalRatio)}; ${events.toFixed(1)} events a run`;
  return `${renderTable(head, rows)}\n${said}`;
}

function cpuIn(cpuMs: CpuMs): string {
  const all = Object.values(cpuMs).reduce((sum, each) => sum + each, 0);
  return [...Object.entries(cpuMs), ['all', all] as const].map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join(', ');
}

/** A column for each situation, in the unit that its title says. */
function requestTable(throughput: KubernetesThroughput | undefined, quiet: readonly Quiet[] = []): string {
  const columns: { title: string; requests: Requests; units: number }[] = [];
  const { requests, runs = NaN } = throughput ?? {};
  if (requests !== undefined) columns.push({ title: 'a run', requests, units: runs });
  for (const { live, seconds, requests } of quiet)
    columns.push({ title: `a minute, ${String(live)} live`, requests, units: seconds / 60 });
  const kinds = [...new Set(columns.flatMap(({ requests }) => Object.keys(requests)))].sort();
  const rows = kinds.map((kind) => [
    kind,
    ...columns.map(({ requests, units }) => ((requests[kind] ?? 0) / units).toFixed(2)),
  ]);
  const all = ['all', ...columns.map(({ requests, units }) => (totalOf(requests) / units).toFixed(2))];
  return renderTable(["the agent's requests", ...columns.map(({ title }) => title)], [...rows, all]);
}

function memoryTable(memory: readonly Memory[]): string {
  const names = Object.keys(memory[0]?.mib ?? {});
  const rows = memory.map(({ live, mib }) => [String(live), ...names.map((name) => (mib[name] ?? NaN).toFixed(0))]);
  return renderTable(['memory in MiB at live runs', ...names], rows);
}
