import { openAsBlob } from 'node:fs';
import { readImage } from './image-files.ts';

/** Puts an image, as `writeImage` made it, into an open registry. */
export async function pushImage(directory: string, registry: string, name: string): Promise<void> {
  const [repository = '', tag = ''] = name.split(':');
  const base = `http://${registry}/v2/${repository}`;
  const { manifest, mediaType, blobs } = await readImage(directory);
  for (const { digest, file } of blobs) {
    const upload = await send('POST', `${base}/blobs/uploads/`);
    const location = new URL(upload.headers.get('Location') ?? '', base);
    location.searchParams.set('digest', digest);
    await send('PUT', location.href, await openAsBlob(file));
  }
  await send('PUT', `${base}/manifests/${tag}`, new Blob([new Uint8Array(manifest)], { type: mediaType }));
}

async function send(method: string, url: string, body?: Blob): Promise<Response> {
  const response = await fetch(url, { method, ...(body !== undefined && { body }) });
  if (response.ok) return response;
  throw new Error(`${method} ${url} answers ${String(response.status)}: ${(await response.text()).trim()}`);
}
