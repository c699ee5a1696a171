import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { cancel } from '../../client/index.ts';
import { atMost } from '../../activities/at-most.ts';
import { until, untilNone } from '../support/until.ts';
import { differences, opened, withoutRuns, type Listing } from './listing-differences.ts';
import { listingOf } from './listing.ts';
import { endsWell, nothingLeft } from './nothing-left.ts';
import { endOf } from './planned-run.ts';
import { pollersOf, pollersOfControl, unresolved } from './pollers.ts';
import { served, stories, unserved, type Told } from './run-stories.ts';
import type { Scenario, Stage } from './scenario.ts';
import { agentVictim, controlVictim } from './victim.ts';

export interface LeftoverSizes {
  /** Between the two listings. */
  runs: number;
  inFlight: number;
}

/** Before the first listing everything has been in use once. */
const warmUp = ['succeeds', 'fails', 'is preempted', 'is cancelled while running'];
/** Temporal deletes in the background: a run that has just ended waits there for a few acknowledgements. */
const temporalMs = 600_000;
const lookMs = 500;
/** Then the janitor has to come by, who looks for deleted runs every 30 s. */
const janitorMs = 60_000;
/** Runs end on every way there is; afterwards there is what there was before, but the records of those that still exist. */
export const leftovers: Scenario<LeftoverSizes> = {
  name: 'leftovers',
  queues: { [served]: { gracePeriod: '5s' }, [unserved]: {} },
  async play(stage, { runs, inFlight }) {
    const { cluster, findings, random, say } = stage;
    // Temporary files are listed as well.
    cluster.env['TMPDIR'] = join(cluster.home, 'tmp');
    await mkdir(cluster.env['TMPDIR']);
    const agents = ['left', 'right'].map((name) => agentVictim(cluster, findings, name, [served], inFlight));
    const control = controlVictim(cluster, findings);
    const workers = [...agents, control];
    await Promise.all(workers.map((worker) => worker.start()));

    const ended: Told[] = [];
    const existing = (): string[] => ended.filter(({ deleted }) => !deleted).map(({ id }) => id);
    const limited = atMost(inFlight);
    const tell = (name: string, i: number): Promise<void> =>
      limited(async () => {
        const told = await stories[name]?.(stage, `${name} ${String(i)}`);
        if (told !== undefined) ended.push(told);
        findings.add(name, 1);
      });
    await Promise.all(warmUp.map(tell));
    const before = await quiet(stage, () => listingOf(cluster, workers), existing());
    const names = Object.keys(stories);
    await Promise.all(random.each(names, runs).map((name, i) => tell(name, warmUp.length + i)));
    say(`${String(runs)} runs have ended`);
    await untilDeleted(stage, ended);

    const look = async (): Promise<string[]> => differences(before, await listingOf(cluster, workers), existing());
    await untilNone('what was not there before', look, janitorMs).catch(() => undefined);
    for (const difference of await look()) findings.rule(false, difference);
    const after = await listingOf(cluster, workers);
    for (const { name } of workers)
      findings.count(`open in ${name}`, `${opened(before, name)} before, ${opened(after, name)} after`);

    await nothingLeft(stage, agents);
    await nobodyPolls(
      stage,
      agents.map(({ name }) => name),
    );
    await endsWell(control, findings);
    for (const poller of await pollersOfControl(cluster)) findings.rule(false, `polls after its end: ${poller}`);
  },
};

async function untilDeleted({ cluster, findings }: Stage, ended: readonly Told[]): Promise<void> {
  const beganMs = performance.now();
  let waited = ended.filter(({ deleted }) => deleted);
  const left = async (): Promise<string[]> => {
    await sleep(lookMs);
    const known = await Promise.all(waited.map(({ workflowId }) => isKnown(cluster, workflowId)));
    waited = waited.filter((_, i) => known[i]);
    return waited.map(({ workflowId }) => workflowId);
  };
  await untilNone('the runs that Temporal was told to delete', left, temporalMs);
  findings.count('until Temporal had deleted the last, s', Math.round((performance.now() - beganMs) / 1_000));
}

async function isKnown({ relaunch }: Stage['cluster'], workflowId: string): Promise<boolean> {
  try {
    await relaunch.temporal.workflow.getHandle(workflowId).describe();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** A listing in which nothing of a run is left but its records. */
async function quiet({ findings }: Stage, list: () => Promise<Listing>, existing: readonly string[]): Promise<Listing> {
  const settled = async (): Promise<string[]> => {
    const { processes, files } = await list();
    return [...processes, ...withoutRuns(files, existing).filter((path) => /\/process\/default\/./.test(path))];
  };
  await untilNone('the first runs', settled, 30_000).catch((error: unknown) => findings.rule(false, String(error)));
  return list();
}

/** The server neither lists a poll of an agent that has stopped, nor gives it a run. */
async function nobodyPolls({ cluster, findings }: Stage, agents: readonly string[]): Promise<void> {
  for (const poller of await pollersOf(cluster, [served], agents))
    findings.rule(false, `polls after its end: ${poller}`);
  const { workflowId } = await cluster.shell(served, 'true');
  const waits = async (): Promise<boolean> => (await unresolved(cluster, served)) === 1;
  await until('a run waits for an agent', waits, 15_000).catch((error: unknown) => findings.rule(false, String(error)));
  await cancel(cluster.relaunch, workflowId, {});
  await endOf(cluster, workflowId, 30_000);
}
