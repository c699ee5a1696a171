import { label } from '../../activities/backends/labels.ts';
import { describeNamespace } from '../../workers/namespace.ts';
import type { ImageScene } from '../support/image-scene.ts';

/** Containers, networks and volumes of an engine, but those of other installations, which have it, too. */
export async function engineListing(scene: ImageScene): Promise<string[]> {
  const { docker, cluster } = scene;
  const { id } = await describeNamespace(cluster.relaunch.temporal, cluster.relaunch.settings.entity);
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
  ]);
  const isOurs = ({ Labels }: { Labels?: Record<string, string> | null | undefined }): boolean =>
    [id, undefined].includes(Labels?.[label.owner]);
  return [
    ...containers.filter(isOurs).map(({ Names }) => `container ${Names.join(' ')}`),
    ...networks.filter(isOurs).map(({ Name }) => `network ${Name}`),
    ...volumes.filter(isOurs).map(({ Name }) => `volume ${Name}`),
  ];
}

/** What the engine has in the repository that a scene's agents push to: by tags, or what is left of one. */
export async function builtImages({ docker, repository, testbed }: ImageScene): Promise<string[]> {
  const name = `${testbed.registry.open.host}/${repository}`;
  const images = await docker.listImages();
  return images.flatMap(({ RepoTags, RepoDigests }) => {
    const tags = (RepoTags ?? []).filter((tag) => tag.startsWith(`${name}:`));
    return tags.length > 0 ? tags : (RepoDigests ?? []).filter((digest) => digest.startsWith(`${name}@`));
  });
}
