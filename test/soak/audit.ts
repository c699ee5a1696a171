import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunEnd } from '../../client/index.ts';
import { preemptSignal } from '../../contracts/messages.ts';
import { failedTasksIn } from '../support/failed-tasks.ts';
import { eventsOf, scheduledIn, signalsIn } from './history.ts';
import { doubles, readLedger, type Mark } from './ledger.ts';
import { endOf, type PlannedRun } from './planned-run.ts';
import type { Stage } from './scenario.ts';
import { storedLines, storeOf } from './stored-lines.ts';

/** What every run must have come to, whatever was killed meanwhile: its end, its attempts, their starts, their lines. Waits for the ends. */
export async function audit(
  { cluster, findings, say }: Stage,
  runs: readonly PlannedRun[],
  withinMs: number,
): Promise<void> {
  const ends = await Promise.all(runs.map(({ workflowId }) => endOf(cluster, workflowId, withinMs)));
  const marks = await readLedger(cluster);
  say(`${String(runs.length)} runs have ended, ${String(marks.length)} marks in the ledger`);
  for (const double of doubles(marks)) findings.rule(false, double);
  for (const [i, run] of runs.entries()) {
    const end = ends[i];
    if (end === undefined) continue;
    const own = marks.filter((mark) => mark.run === run.id);
    for (const wrong of [...wrongEnd(run, end), ...wrongStarts(run, end, own)]) findings.rule(false, wrong);
    for (const wrong of await wrongInHistory({ cluster }, run, end)) findings.rule(false, wrong);
    for (const wrong of await wrongInStore({ cluster }, end, own)) findings.rule(false, wrong);
    findings.add('runs', 1);
    findings.add('attempts', end.attempts.length);
    findings.add('requeues asked for', run.preemptions);
    findings.add('attempts that never started', neverStarted(end).length);
  }
  findings.count(
    'lines of logs',
    marks.reduce((sum, mark) => sum + (mark.what === 'end' ? mark.lines : 0), 0),
  );
}

const neverStarted = ({ attempts }: RunEnd): RunEnd['attempts'] =>
  attempts.filter(({ outcome }) => outcome?.kind === 'lost' && outcome.reason === 'never-started');

export function wrongEnd(run: PlannedRun, end: RunEnd): string[] {
  const wanted = run.exit === 0 ? 'succeeded' : 'failed';
  const wrong: string[] = [];
  if (end.state !== wanted || end.outcome?.exitCode !== run.exit) {
    wrong.push(`run ${run.id} was to end as ${wanted} with ${String(run.exit)}: ${JSON.stringify(end)}`);
  }
  const attempts = 1 + run.preemptions + neverStarted(end).length;
  if (end.requeues !== run.preemptions || end.attempts.length !== attempts) {
    wrong.push(`run ${run.id} was to be requeued ${String(run.preemptions)} times: ${JSON.stringify(end)}`);
  }
  return wrong;
}

/** Each attempt started once, by the ledger; one that never started, not at all. */
export function wrongStarts(run: PlannedRun, end: RunEnd, marks: readonly Mark[]): string[] {
  const never = new Set(neverStarted(end).map(({ attempt }) => attempt));
  const wanted = end.attempts.map(({ attempt }) => attempt).filter((attempt) => !never.has(attempt));
  const started = marks.filter(({ what }) => what === 'start').map(({ attempt }) => attempt);
  const ended = marks.filter(({ what }) => what === 'end').map(({ attempt }) => attempt);
  if (String(started) === String(wanted) && String(ended) === String(wanted)) return [];
  return [
    `run ${run.id}: attempts ${String(wanted)} were to start and end once; started ${String(started)}; ended ${String(ended)}`,
  ];
}

async function wrongInHistory({ cluster }: Pick<Stage, 'cluster'>, run: PlannedRun, end: RunEnd): Promise<string[]> {
  const wrong: string[] = [];
  const { status } = await cluster.relaunch.temporal.workflow.getHandle(run.workflowId).describe();
  const wanted = run.exit === 0 ? 'COMPLETED' : 'FAILED';
  if (status.name !== wanted) wrong.push(`run ${run.id} is ${status.name} in Temporal, not ${wanted}`);
  const events = await eventsOf(cluster, run.workflowId);
  const submits = scheduledIn(events, 'submitAttempt');
  if (submits !== end.attempts.length) {
    wrong.push(`run ${run.id} stood in its queue ${String(submits)} times for ${String(end.attempts.length)} attempts`);
  }
  const asked = signalsIn(events, preemptSignal.name);
  if (asked !== run.preemptions) wrong.push(`run ${run.id} was asked ${String(asked)} times to leave`);
  for (const why of failedTasksIn(events)) wrong.push(`run ${run.id}: a workflow task failed: ${why}`);
  return wrong;
}

/** A record of each attempt, and each line that its job wrote, once and in order. */
async function wrongInStore(
  { cluster }: Pick<Stage, 'cluster'>,
  end: RunEnd,
  marks: readonly Mark[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const { attempt, outcome } of end.attempts) {
    const path = join(storeOf(cluster), 'runs', end.run, 'attempts', `${String(attempt)}.json`);
    const record = await readFile(path, 'utf8').catch(() => '{}');
    const recorded = (JSON.parse(record) as { outcome?: { kind: string } }).outcome?.kind;
    const name = `attempt ${String(attempt)} of run ${end.run}`;
    if (recorded !== outcome?.kind)
      wrong.push(`${name} is recorded as ${String(recorded)}, told as ${String(outcome?.kind)}`);
    const written = marks.find((mark) => mark.what === 'end' && mark.attempt === attempt)?.lines ?? 0;
    const problem = wrongLines(await storedLines(cluster, end.run, attempt), attempt, written);
    if (problem !== undefined) wrong.push(`${name}: ${problem}`);
  }
  return wrong;
}

/** Undefined: the lines of an attempt are complete and in order. */
export function wrongLines(stored: readonly string[], attempt: number, written: number): string | undefined {
  const wanted = Array.from({ length: written }, (_, i) => `line ${String(attempt)} ${String(i + 1)}`);
  const at = wanted.findIndex((line, i) => stored[i] !== line);
  if (at === -1 && stored.length === written) return undefined;
  const first = at === -1 ? written : at;
  return `of ${String(written)} lines ${String(stored.length)} are stored; line ${String(first + 1)} is ${JSON.stringify(stored[first])}`;
}
