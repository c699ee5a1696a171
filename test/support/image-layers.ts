import { gunzipSync } from 'node:zlib';
import { parseImageName } from '../../activities/images/registry/image-name.ts';

interface Manifest {
  layers: { digest: string; mediaType: string }[];
}

/** Every byte of the layers that an image has over its base, both in registries on loopback. */
export async function layersOver(base: string, image: string): Promise<Buffer> {
  const below = new Set((await manifestOf(base)).layers.map(({ digest }) => digest));
  const own = (await manifestOf(image)).layers.filter(({ digest }) => !below.has(digest));
  const contents = own.map(async ({ digest, mediaType }) => {
    const blob = Buffer.from(await (await fetched(image, `blobs/${digest}`)).arrayBuffer());
    return mediaType.endsWith('gzip') ? gunzipSync(blob) : blob;
  });
  return Buffer.concat(await Promise.all(contents));
}

async function manifestOf(image: string): Promise<Manifest> {
  const { digest, tag = 'latest' } = parseImageName(image);
  return (await (await fetched(image, `manifests/${digest ?? tag}`)).json()) as Manifest;
}

/** As a registry has them that were pushed by an engine, or by the testbed. */
const kinds = ['application/vnd.docker.distribution.manifest.v2+json', 'application/vnd.oci.image.manifest.v1+json'];

async function fetched(image: string, path: string): Promise<Response> {
  const { host, repository } = parseImageName(image);
  const answer = await fetch(`http://${host}/v2/${repository}/${path}`, { headers: { accept: kinds.join(', ') } });
  if (!answer.ok) throw new Error(`${image}: ${path} is answered with ${String(answer.status)}`);
  return answer;
}
