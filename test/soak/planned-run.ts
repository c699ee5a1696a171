import { result, type RunEnd } from '../../client/index.ts';
import type { Cluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';
import { countedJob, interrupted, lines } from './counted-job.ts';

/** A run whose script says how it is to end. */
export interface PlannedRun {
  id: string;
  workflowId: string;
  queue: string;
  exit: number;
  /** How often it is to be preempted by request, before it goes on to its end. */
  preemptions: number;
}

export interface Plan {
  /** The same key is the same run, however often its submission is tried. */
  key: string;
  queue: string;
  exit: number;
  preemptions: number;
  lines: number;
  everySeconds: number;
}

/** Servers that are killed are back by then. */
const patienceMs = 120_000;

/** Submits until somebody took it. */
export async function submitPlanned(cluster: Cluster, plan: Plan): Promise<PlannedRun> {
  const { key, queue, exit, preemptions } = plan;
  const work = `${interrupted(preemptions)}\n${lines(plan.lines, plan.everySeconds, exit)}`;
  const script = countedJob(cluster, work);
  const submitting = (): ReturnType<Cluster['shell']> => cluster.shell(queue, script, {}, { key });
  const { id, workflowId } = await until(`run ${key} is submitted`, submitting, patienceMs);
  return { id, workflowId, queue, exit, preemptions };
}

/** Waits for the end of a run, whatever happens to the server meanwhile. */
export function endOf(cluster: Cluster, workflowId: string, withinMs: number): Promise<RunEnd> {
  return until(`the end of run ${workflowId}`, () => result(cluster.relaunch, workflowId), withinMs);
}
