import { randomUUID } from 'node:crypto';
import { result, submit } from '../../client/index.ts';
import { attemptName } from '../../contracts/names.ts';
import type { BuildSite } from './build-site.ts';
import type { Latency } from './latency.ts';
import { stageNames, stagesOf } from './stages.ts';
import { spreadOf } from './statistics.ts';

/** The first launches find nothing warm: connections, caches, compiled code. */
const warmUps = 3;

/** Launches of an image that registry and engine have, in turns with `docker run` of it: until the engine has started the container, in ms. */
export async function measureContainerStarts(site: BuildSite, samples: number): Promise<Latency[]> {
  const took = [];
  for (let i = 0; i < warmUps + samples; i++) {
    if (i % 10 === 0) site.measuring.say(`start ${String(i)} of ${String(warmUps + samples)}`);
    took.push({ ...(await launched(site)), plain: await ranByDocker(site) });
  }
  const counted = took.slice(warmUps);
  return [
    { what: 'submit -> container started', goalMs: 1_000, ...spreadOf(counted.map(({ all }) => all)) },
    ...stageNames.map((what) => ({ what: `  ${what}`, ...spreadOf(counted.map(({ stages }) => stages[what])) })),
    { what: 'docker run --pull always -> container started', ...spreadOf(counted.map(({ plain }) => plain)) },
  ];
}

async function launched({ scene, queue, starts }: BuildSite) {
  const { cluster, testbed } = scene;
  const calledAt = Date.now();
  const spec = { queue, source: { image: testbed.images.busybox }, entrypoint: ['true'], user: 'ada' };
  const { id, workflowId } = await submit(cluster.relaunch, spec);
  await result(cluster.relaunch, workflowId);
  const startedAt = await starts.of(attemptName(id, 1));
  const stages = await stagesOf(cluster.relaunch.temporal, workflowId, calledAt, startedAt);
  return { all: startedAt - calledAt, stages };
}

async function ranByDocker({ scene, cli, starts }: BuildSite): Promise<number> {
  const name = `bench-${randomUUID()}`;
  const calledAt = Date.now();
  await cli('run', '--rm', '--network=host', '--pull=always', `--name=${name}`, scene.testbed.images.busybox, 'true');
  return (await starts.of(name)) - calledAt;
}
