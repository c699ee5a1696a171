import { unlessAborted } from '../../activities/backends/waiting.ts';
import { downDocker } from '../../scripts/testbed/docker/down.ts';
import { isDockerUp } from '../../scripts/testbed/docker/up.ts';
import { ContainerEvents } from '../support/container-events.ts';
import { ImageScene } from '../support/image-scene.ts';
import { dockerCli, type DockerCli } from './docker-cli.ts';
import type { Measuring } from './with-cluster.ts';

/** Everything of ours with an agent that builds and runs, and the same engine and registry for plain `docker`. */
export interface BuildSite {
  scene: ImageScene;
  /** Of the agent, its queue, and where all images of the bench go in the registry. */
  queue: string;
  cli: DockerCli;
  starts: ContainerEvents;
  measuring: Measuring;
}

const queue = 'bench';

/** What every source of the bench runs. */
export const entrypoint = ['python', 'train.py'];

/** What the images are made from: each version of Python is another image, which nobody has built on yet. */
export const baseOf = ({ scene }: Pick<BuildSite, 'scene'>, version: string): string =>
  `${repositoryOf(scene)}/python:${version}`;

/** Works with a testbed, a server, a control worker and an agent, and leaves nothing but what the engine and the registry cache. */
export async function withBuildSite<T>(measuring: Measuring, work: (site: BuildSite) => Promise<T>): Promise<T> {
  const wasUp = await isDockerUp();
  try {
    const scene = await ImageScene.start([queue]);
    const starts = await ContainerEvents.open(scene.docker, 'start');
    try {
      const pythonImage = baseOf({ scene }, '{version}');
      const indexUrl = scene.testbed.index.urlWithCredentials;
      await scene.cluster.agentOf(await scene.agentFile(queue, { pythonImage, indexUrl }));
      const cli = await dockerCli(scene.testbed, measuring);
      return await unlessAborted(measuring.signal, () => work({ scene, queue, cli, starts, measuring }));
    } finally {
      starts.close();
      await scene.stop();
      await removeImages(scene);
    }
  } finally {
    if (!wasUp) await downDocker({ say: measuring.say });
  }
}

const repositoryOf = ({ testbed, repository }: ImageScene): string => `${testbed.registry.open.host}/${repository}`;

async function removeImages(scene: ImageScene): Promise<void> {
  const reference = [`${repositoryOf(scene)}*`, `${repositoryOf(scene)}/*`];
  const images = await scene.docker.listImages({ filters: { reference } });
  for (const { Id } of images) await scene.docker.getImage(Id).remove({ force: true });
}
