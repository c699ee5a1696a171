import { cp, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueueSpecInput } from '../../contracts/queue-spec.ts';
import { atMost } from '../../activities/at-most.ts';
import { Cluster } from '../support/cluster.ts';
import { Findings } from './findings.ts';
import { seeded, type Random } from './random.ts';

/** Where a scenario plays. */
export interface Stage {
  cluster: Cluster;
  random: Random;
  findings: Findings;
  /** Progress, for people. */
  say(line: string): void;
}

/** Something that goes on with real processes, and what must hold of it, seen from outside. `Sizes`: how much of everything. */
export interface Scenario<Sizes> {
  name: string;
  queues: Record<string, Partial<QueueSpecInput>>;
  /** Puts into the findings of its stage what it counted and which rules were broken. */
  play(stage: Stage, sizes: Sizes): Promise<void>;
}

/** Files of scenarios in a cluster's home: what nobody but us writes. */
export const eyesIn = (cluster: Cluster): string => join(cluster.home, 'eyes');

/** More at once are in each other's way, which takes longer. */
const onStage = atMost(2);

/** What {@link stopPlaying} takes down. */
export const playing = new Set<Cluster>();

/** Takes down whatever is on stage: what comes of it is nobody's business any more. */
export async function stopPlaying(): Promise<void> {
  await Promise.all([...playing].map((cluster) => cluster.stop()));
}

/** Plays a scenario in a cluster of its own. Where a rule was broken, the cluster's files (with Temporal's database) are kept and named. */
export function play<Sizes>(
  scenario: Scenario<Sizes>,
  sizes: Sizes,
  seed: number,
  say: (line: string) => void = () => undefined,
): Promise<Findings> {
  return onStage(async () => {
    const findings = new Findings();
    const cluster = await Cluster.start(scenario.queues, { control: false });
    playing.add(cluster);
    try {
      await mkdir(eyesIn(cluster));
      await scenario.play({ cluster, random: seeded(seed), findings, say }, sizes);
    } catch (error) {
      findings.rule(false, `did not come to its end: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
    } finally {
      await leaveStage(cluster, findings, seed);
    }
    return findings;
  });
}

/** Takes a cluster down; where a rule was broken, after its files were kept. */
export async function leaveStage(cluster: Cluster, findings: Findings, seed: number): Promise<void> {
  if (findings.broken.length > 0) findings.broken.push(`seed ${String(seed)}; files kept in ${await keep(cluster)}`);
  findings.close();
  playing.delete(cluster);
  await cluster.stop();
}

async function keep({ home }: Cluster): Promise<string> {
  const kept = await mkdtemp(join(tmpdir(), 'relaunch-evidence-'));
  await cp(home, kept, { recursive: true });
  return kept;
}
