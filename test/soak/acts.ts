import { changingMax } from './changing-max.ts';
import { deploys } from './deploys.ts';
import { dockerLeftovers } from './docker-leftovers.ts';
import { playOnDocker } from './docker-stage.ts';
import type { Findings } from './findings.ts';
import { kubernetesLeftovers } from './kubernetes-leftovers.ts';
import { matrix } from './kubernetes-matrix.ts';
import { reasons } from './kubernetes-reasons.ts';
import { playOnKubernetes, type KubernetesScenario } from './kubernetes-stage.ts';
import { leftovers } from './leftovers.ts';
import { limits } from './limits.ts';
import { manyLive } from './many-live.ts';
import { onePlace } from './one-place.ts';
import { permits } from './permits.ts';
import { randomKills } from './random-kills.ts';
import { runCap } from './run-cap.ts';
import { play, type Scenario } from './scenario.ts';
import { countedSweep } from './sweep.ts';

/** A scenario with its sizes. */
export interface Act {
  /** What `--only` chooses by. */
  group: string;
  name: string;
  sizes: unknown;
  play(seed: number, say: (line: string) => void): Promise<Findings>;
}

function act<Sizes>(group: string, scenario: Scenario<Sizes>, sizes: Sizes): Act {
  return { group, name: scenario.name, sizes, play: (seed, say) => play(scenario, sizes, seed, say) };
}

/** The numbers of a soak at its full size, or a part of them; no fewer than prove anything. */
const scaledBy =
  (scale: number) =>
  (full: number, least: number): number =>
    Math.max(least, Math.round(full * scale));

function launchActs(scale: number): Act[] {
  const scaled = scaledBy(scale);
  const maxima = [2, 5, 1, 3, 8, 1, 4, 2];
  return [
    act('kills', randomKills, { kills: scaled(100, 6), inFlight: scaled(12, 6), mostRuns: scaled(1_000, 10) }),
    act('permits', permits, { runs: scaled(500, 50), kills: scaled(10, 1), timed: true }),
    act('limits', limits, { runs: scaled(500, 50), kills: scaled(20, 2) }),
    act('permits', onePlace, { runsInEach: scaled(20, 4), timed: true }),
    act('permits', changingMax, { maxima: maxima.slice(0, scaled(maxima.length, 3)) }),
    act('permits', manyLive, { live: scaled(300, 20), measureMs: scaled(60_000, 5_000) }),
    act('leftovers', leftovers, { runs: scaled(200, 12), inFlight: scaled(12, 6) }),
    act('deploys', deploys, { live: scaled(50, 8), short: scaled(100, 10), rounds: scaled(5, 1) }),
  ];
}

function sweepActs(scale: number): Act[] {
  const scaled = scaledBy(scale);
  return [
    act('trials', countedSweep, {
      trials: scaled(1_000, 50),
      numWorkers: 12,
      kills: scaled(20, 1),
      preemptions: scaled(100, 5),
      narrowMs: 2_000,
    }),
    act('cap', runCap, { runCap: scaled(10_000, 200), numWorkers: 64 }),
  ];
}

function kubernetesActs(scale: number): Act[] {
  const scaled = scaledBy(scale);
  const on = <Sizes>(group: string, scenario: KubernetesScenario<Sizes>, sizes: Sizes): Act => ({
    group,
    name: scenario.name,
    sizes,
    play: (seed, say) => playOnKubernetes(scenario, sizes, seed, say),
  });
  return [
    on('reasons', reasons, { trials: scaled(20, 2), kills: scaled(30, 2) }),
    on('matrix', matrix, { rounds: scaled(2, 1) }),
    on('leftovers', kubernetesLeftovers, { runs: scaled(100, 9), inFlight: scaled(12, 6) }),
  ];
}

function dockerActs(scale: number): Act[] {
  const scaled = scaledBy(scale);
  const sizes = { runs: scaled(50, 6), inFlight: scaled(8, 6), kills: scaled(6, 1) };
  const play: Act['play'] = (seed, say) => playOnDocker(dockerLeftovers, sizes, seed, say);
  return [{ group: 'leftovers', name: dockerLeftovers.name, sizes, play }];
}

/** What can be soaked. */
export const soaks: Readonly<Record<string, (scale: number) => Act[]>> = {
  launch: launchActs,
  sweep: sweepActs,
  kubernetes: kubernetesActs,
  docker: dockerActs,
};
