import { setTimeout as sleep } from 'node:timers/promises';
import { atMost } from '../../activities/at-most.ts';
import { untilNone } from '../support/until.ts';
import { builtImages, engineListing } from './docker-listing.ts';
import type { DockerScenario, DockerStage } from './docker-stage.ts';
import { dockerStories } from './docker-stories.ts';
import { differences, opened, type Listing } from './listing-differences.ts';
import { listingOf } from './listing.ts';
import { endsWell } from './nothing-left.ts';
import { again } from './victim.ts';

export interface DockerLeftoverSizes {
  runs: number;
  inFlight: number;
  kills: number;
}

/** What a builder keeps of its images: docs/images.md. */
const mostImages = 20;
/** Temporal deletes in the background, and the janitor looks every half minute. */
const tidyMs = 240_000;
const lookMs = 1_000;

/** Runs come to their image and to their end on every way there is, while an agent is killed; afterwards there is what there was before. */
export const dockerLeftovers: DockerScenario<DockerLeftoverSizes> = {
  name: 'leftovers on an engine',
  async play(stage, { runs, inFlight, kills }) {
    const { scene, survivor, victim, random, findings, say } = stage;
    const names = Object.keys(dockerStories);
    const limited = atMost(inFlight);
    const tell = (name: string): Promise<void> => limited(async () => dockerStories[name]?.(stage));
    await olderImages(stage);
    // Before the first listing everything has been in use once.
    await Promise.all(names.map(tell));
    await untilNone('what the first runs left', () => ofRuns(stage), tidyMs, lookMs);
    const before = { ours: await listingOf(scene.cluster, [survivor]), engine: await engineListing(scene) };
    say('listed');

    const striking = strike(stage, kills);
    await Promise.all(
      random.each(names, runs).map(async (name) => {
        await tell(name);
        findings.add(name, 1);
      }),
    );
    await striking;
    say(`${String(runs)} runs have ended`);

    const look = async (): Promise<string[]> => {
      const [ours, engine] = await Promise.all([listingOf(scene.cluster, [survivor]), engineListing(scene)]);
      return [
        ...differences(withoutCode(before.ours), withoutCode(ours), []),
        ...engine.filter((each) => !before.engine.includes(each)),
      ];
    };
    await untilNone('what was not there before', look, tidyMs, lookMs).catch(() => undefined);
    for (const difference of await look()) findings.rule(false, difference);
    const images = await builtImages(scene);
    findings.rule(images.length <= mostImages, `${String(images.length)} images that were built: ${images.join(', ')}`);
    findings.count('images pushed', await scene.pushes());
    findings.count('images kept', images.length);
    const after = await listingOf(scene.cluster, [survivor]);
    findings.count(
      'open in the survivor',
      `${opened(before.ours, survivor.name)} before, ${opened(after, survivor.name)} after`,
    );
    findings.count('containers, networks and volumes, before and after', before.engine.length);
    for (const agent of [survivor, victim]) await endsWell(agent, findings);
  },
};

/** So many that each build is one too many. */
async function olderImages({ scene: { docker, testbed, repository } }: DockerStage): Promise<void> {
  const image = docker.getImage(testbed.images.busybox);
  const repo = `${testbed.registry.open.host}/${repository}`;
  for (let i = 0; i < mostImages; i++) await image.tag({ repo, tag: i.toString(16).padStart(32, '0') });
}

/** What there is of runs: on the engine, in the store and in the directories of agents. */
async function ofRuns({ scene, survivor }: DockerStage): Promise<string[]> {
  const { files } = await listingOf(scene.cluster, [survivor]);
  const engine = await engineListing(scene);
  return [
    ...files.filter((path) => /^(store\/[^/]+\/runs|(builds|submits)\/[^/]+)\/./.test(path)),
    ...engine.filter((each) => /^(container \/?|volume )[a-z0-9-]+(-a\d+|-checkpoints-[0-9a-f]+)$/.test(each)),
  ];
}

/** Code stays in the store: who launches the same has it there. Agents' directories come with their first runs. */
const withoutCode = ({ files, ...more }: Listing): Listing => ({
  ...more,
  files: files.filter((path) => !/^(store\/[^/]+\/code\/|(builds|submits)(\/[^/]+)?$)/.test(path)),
});

async function strike({ random: parent, findings, victim, say }: DockerStage, times: number): Promise<void> {
  const random = parent.fork();
  for (let i = 1; i <= times; i++) {
    await sleep(random.int(1_000, 10_000));
    say(`kill ${String(i)} of ${String(times)}`);
    await again(victim, random.int(0, 3_000));
    findings.add('kills of an agent', 1);
  }
}
