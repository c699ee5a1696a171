import type { Container } from './objects.ts';
import type { DockerSite } from './site.ts';

/** What a container runs, for people: the name that it was asked for by, and its digest, or its id where no registry has it. */
export async function shownImage({ engine }: DockerSite, container: Container, signal: AbortSignal): Promise<string> {
  const { Config, Image: id } = container;
  if (Config.Image.includes('@')) return Config.Image;
  const path = `/images/${id}/json`;
  const image = await engine.find<{ RepoDigests?: string[] | null }>({ method: 'GET', path, signal });
  const digests = image?.RepoDigests ?? [];
  const repository = Config.Image.replace(/:[^:/]*$/, '');
  const digest = (digests.find((one) => one.startsWith(`${repository}@`)) ?? digests[0])?.split('@')[1];
  return `${Config.Image}@${digest ?? id}`;
}
