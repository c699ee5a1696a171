import type { Relaunch } from '../../client/index.ts';
import { cpuMsOf, machineCpuMs } from './cpu.ts';

/** One way of running a workflow: who works for it, and how to start one. */
export interface Side {
  pids: Record<string, number | undefined>;
  /** Answers the workflow id. */
  start(): Promise<string>;
}

/** As many workflows as wanted, started as fast as the server takes them, and all seen to their end. */
export interface Burst {
  perSecond: number;
  /** Processor time that one workflow cost, in ms, by process. */
  cpuMs: Record<string, number>;
  /** The same of all other processes of the machine: noise. */
  othersCpuMs: number;
  /** In the history of one of them. */
  events: number;
}

const startsAtOnce = 16;

export async function measureBurst({ temporal }: Relaunch, { pids, start }: Side, workflows: number): Promise<Burst> {
  const cpu = (): number[] => [machineCpuMs(), ...Object.values(pids).map(cpuMsOf)];
  const before = cpu();
  const since = performance.now();
  const ends: Promise<unknown>[] = [];
  let left = workflows;
  let last = '';
  const startSome = async (): Promise<void> => {
    while (left-- > 0) {
      last = await start();
      ends.push(temporal.workflow.getHandle(last).result());
    }
  };
  await Promise.all(Array.from({ length: startsAtOnce }, startSome));
  await Promise.all(ends);
  const seconds = (performance.now() - since) / 1_000;
  const [all = 0, ...ours] = cpu().map((after, i) => (after - (before[i] ?? 0)) / workflows);
  const { historyLength } = await temporal.workflow.getHandle(last).describe();
  return {
    perSecond: workflows / seconds,
    cpuMs: Object.fromEntries(Object.keys(pids).map((name, i) => [name, ours[i] ?? 0])),
    othersCpuMs: Math.max(0, all - ours.reduce((sum, each) => sum + each, 0)),
    events: historyLength,
  };
}
