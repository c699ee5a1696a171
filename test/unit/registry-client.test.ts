import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseImageName, type ImageName } from '../../activities/images/registry/image-name.ts';
import type { RegistryOptions } from '../../activities/images/registry/registry-api.ts';
import { RegistryClient } from '../../activities/images/registry/registry-client.ts';
import { never } from '../support/backend-harness.ts';
import { failsAs } from '../support/fails-as.ts';
import { ScriptedHttp, type Answer } from '../support/scripted-http.ts';
import { asked, everyNameIsHere, ociIndex, refuses, serveManifest, sha256 } from '../support/scripted-registry.ts';
import { selfSigned, type SelfSigned } from '../../scripts/testbed/self-signed.ts';

const manifests = '/v2/team/train/manifests';
const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };

interface Scene {
  registry: ScriptedHttp;
  client: RegistryClient;
  image(reference?: string): ImageName;
}

async function scene(options: RegistryOptions = {}): Promise<Scene> {
  const registry = await ScriptedHttp.start();
  return {
    registry,
    client: new RegistryClient(options),
    image: (reference = ':v3') => parseImageName(`${registry.host}/team/train${reference}`),
  };
}

/** An image for a platform. @returns its digest */
function serveImage(registry: ScriptedHttp, platform: object, tags: readonly string[] = []): string {
  const config = { ...platform, config: { Entrypoint: ['python'], Env: ['A=1'], Cmd: null }, history: [] };
  const blob = sha256(JSON.stringify(config));
  registry.serve(`/v2/team/train/blobs/${blob}`, (exchange) => {
    exchange.json(config);
  });
  return serveManifest(registry, 'team/train', { schemaVersion: 2, config: { digest: blob }, layers: [] }, tags);
}

/** One image for two platforms. */
function serveIndex(registry: ScriptedHttp, tags: readonly string[]): { index: string; images: string[] } {
  const images = [amd64, arm64].map((platform) => serveImage(registry, platform));
  const list = images.map((digest, i) => ({ digest, platform: [amd64, arm64][i] }));
  const attestation = { digest: sha256('attestation'), platform: { os: 'unknown', architecture: 'unknown' } };
  const index = {
    schemaVersion: 2,
    mediaType: ociIndex,
    manifests: [attestation, { digest: sha256('bare') }, ...list],
  };
  return { index: serveManifest(registry, 'team/train', index, tags), images };
}

test('a tag is pinned to its digest by one HEAD, which says what is understood', async () => {
  const { registry, client } = await scene();
  const digest = serveImage(registry, amd64, ['v3', 'latest']);
  expect(await client.pin(`${registry.host}/team/train:v3`, never)).toBe(`${registry.host}/team/train@${digest}`);
  expect(await client.pin(`${registry.host}/team/train`, never)).toBe(`${registry.host}/team/train@${digest}`);
  expect(asked(registry)).toEqual([`HEAD ${manifests}/v3`, `HEAD ${manifests}/latest`]);
  expect(registry.requests()[0]?.headers.accept?.split(', ')).toEqual([
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
    'application/vnd.docker.distribution.manifest.v2+json',
  ]);
});

test('an image for many platforms is pinned as such', async () => {
  const { registry, client } = await scene();
  const { index } = serveIndex(registry, ['v3']);
  expect(await client.pin(`${registry.host}/team/train:v3`, never)).toBe(`${registry.host}/team/train@${index}`);
});

test('what is pinned stays as it is, and nobody is asked', async () => {
  const { registry, client } = await scene();
  const name = `${registry.host}/team/train:v3@${sha256('x')}`;
  expect(await client.pin(name, never)).toBe(name);
  expect(asked(registry)).toEqual([]);
});

test('what is no name is not asked for', async () => {
  const { client } = await scene();
  await expect(client.pin('https://r.example/x', never)).rejects.toEqual(failsAs('LaunchRejected'));
});

test('an image that is not there is undefined, whatever is asked', async () => {
  const { registry, client, image } = await scene();
  expect(await client.digestOf(image(), never)).toBeUndefined();
  expect(await client.manifest(image(), never)).toBeUndefined();
  expect(await client.config(image(), 'linux/amd64', never)).toBeUndefined();
  expect(await client.pin(`${registry.host}/team/train:v3`, never)).toBeUndefined();
  expect(registry.requests()).toHaveLength(4);
});

test('a registry that names no digest is asked for the manifest', async () => {
  const { registry, client, image } = await scene();
  const manifest = { config: { digest: sha256('config') } };
  registry.serve(`${manifests}/v3`, (exchange) => {
    exchange.json(manifest);
  });
  expect(await client.digestOf(image(), never)).toBe(sha256(JSON.stringify(manifest)));
  expect(asked(registry)).toEqual([`HEAD ${manifests}/v3`, `GET ${manifests}/v3`]);
});

test('a manifest comes with its digest', async () => {
  const { registry, client, image } = await scene();
  const { index, images } = serveIndex(registry, ['v3']);
  const found = await client.manifest(image(), never);
  expect(found).toMatchObject({ kind: 'index', digest: index });
  expect(await client.manifest(image(`@${String(images[0])}`), never)).toMatchObject({
    kind: 'image',
    digest: images[0],
  });
});

test.each([
  ['linux/amd64', amd64],
  ['linux/arm64', arm64],
  ['linux/arm64/v8', arm64],
])('the configuration for %s is found in an index', async (platform, expected) => {
  const { registry, client, image } = await scene();
  serveIndex(registry, ['v3']);
  const config = await client.config(image(), platform, never);
  expect(config).toMatchObject({ ...expected, config: { Entrypoint: ['python'], Env: ['A=1'], Cmd: null } });
  expect(registry.requests()).toHaveLength(3);
});

test('an index has nothing for a platform that it does not name', async () => {
  const { registry, client, image } = await scene();
  serveIndex(registry, ['v3']);
  expect(await client.config(image(), 'linux/arm64/v7', never)).toBeUndefined();
  expect(await client.config(image(), 'windows/amd64', never)).toBeUndefined();
});

test('the configuration of a single image is its own', async () => {
  const { registry, client, image } = await scene();
  serveImage(registry, amd64, ['v3']);
  expect(await client.config(image(), 'linux/amd64', never)).toMatchObject(amd64);
  expect(registry.requests()).toHaveLength(2);
});

test.each([
  ['too many requests', refuses(429, 'TOOMANYREQUESTS', 'slow down')],
  ['a fault of the server', refuses(500, 'UNKNOWN', 'oops')],
  ['a bad gateway', refuses(502, 'UNKNOWN', 'oops')],
  ['a cut connection', (exchange) => exchange.cut()],
  ['half an answer', (exchange) => exchange.cut('{"config":')],
] satisfies [string, Answer][])('%s passes: it is asked again', async (_, answer) => {
  const { registry, client, image } = await scene();
  const digest = serveImage(registry, amd64, ['v3']);
  registry.next(`${manifests}/v3`, answer);
  expect(await client.manifest(image(), never)).toMatchObject({ digest });
  expect(registry.requests()).toHaveLength(2);
});

test('a registry is not asked again before it wants to be', async () => {
  const { registry, client, image } = await scene();
  const digest = serveImage(registry, amd64, ['v3']);
  registry.next(`${manifests}/v3`, refuses(429, 'TOOMANYREQUESTS', 'slow down', { 'retry-after': '1' }));
  const begun = performance.now();
  expect(await client.digestOf(image(), never)).toBe(digest);
  expect(performance.now() - begun).toBeGreaterThan(950);
});

test('a registry that wants to be asked again at once is not asked in a rush', async () => {
  const { registry, client, image } = await scene({ patienceMs: 500 });
  registry.serve(`${manifests}/v3`, refuses(429, 'TOOMANYREQUESTS', 'slow down', { 'retry-after': '0' }));
  await expect(client.manifest(image(), never)).rejects.toEqual(failsAs('RegistryUnavailable'));
  expect(registry.requests().length).toBeLessThan(6);
});

test.each([
  ['with its last word', {}, 500],
  ['at once where it wants to be asked later than there is patience for', { 'retry-after': '60' }, 60_000],
])('a registry that stays away is given up, %s', async (_, headers, patienceMs) => {
  const { registry, client, image } = await scene({ patienceMs: Math.min(patienceMs, 10_000) });
  registry.serve(`${manifests}/v3`, refuses(503, 'UNAVAILABLE', 'read only', headers));
  const begun = performance.now();
  const failure = client.manifest(image(), never);
  await expect(failure).rejects.toEqual(failsAs('RegistryUnavailable'));
  await expect(failure).rejects.toThrow(
    `registry ${registry.host} has no answer now about team/train (HTTP 503, UNAVAILABLE: read only)`,
  );
  expect(performance.now() - begun).toBeLessThan(2_000);
});

test('a registry that is not there is unavailable, by name', async () => {
  const { registry, client, image } = await scene({ patienceMs: 100 });
  await registry.stop();
  const failure = client.digestOf(image(), never);
  await expect(failure).rejects.toEqual(failsAs('RegistryUnavailable'));
  await expect(failure).rejects.toThrow(`registry ${registry.host} does not answer: connect ECONNREFUSED`);
});

test('a refusal is told in the words of the registry', async () => {
  const { registry, client, image } = await scene();
  registry.serve(`${manifests}/v3`, refuses(403, 'DENIED', 'requested access\nto the resource is denied'));
  const failure = client.manifest(image(), never);
  await expect(failure).rejects.toEqual(failsAs('RegistryDenied'));
  await expect(failure).rejects.toThrow('(HTTP 403, DENIED: requested access to the resource is denied)');
});

test('whoever asks may call off, while an answer or a second try is awaited', async () => {
  const { registry, client, image } = await scene();
  const reason = new Error('called off');
  for (const answer of [() => undefined, refuses(503, 'UNAVAILABLE', '')] satisfies Answer[]) {
    const controller = new AbortController();
    registry.serve(`${manifests}/v3`, async (exchange) => {
      await answer(exchange);
      controller.abort(reason);
    });
    await expect(client.digestOf(image(), controller.signal)).rejects.toBe(reason);
  }
});

test('Docker Hub is asked under the name of its registry', async () => {
  everyNameIsHere();
  const client = new RegistryClient({ patienceMs: 0 });
  // Nothing listens there.
  await expect(client.pin('ubuntu', never)).rejects.toThrow(/^registry docker\.io does not answer: .*127\.0\.0\.1:443/);
});

test('a registry with a certificate of its own is believed where the bundle says so, and then asked by https', async () => {
  everyNameIsHere();
  const certificate = await certificateOf('registry.example');
  const registry = await ScriptedHttp.start(certificate);
  const digest = serveImage(registry, amd64, ['v3']);
  const image = parseImageName(`registry.example:${new URL(registry.url).port}/team/train:v3`);
  const trusting = new RegistryClient({ caBundle: certificate.cert, patienceMs: 0 });
  expect(await trusting.digestOf(image, never)).toBe(digest);
  const failure = new RegistryClient({ patienceMs: 0 }).digestOf(image, never);
  await expect(failure).rejects.toEqual(failsAs('RegistryUnavailable'));
  await expect(failure).rejects.toThrow('self-signed certificate');
});

async function certificateOf(name: string): Promise<SelfSigned> {
  const directory = await mkdtemp(join(tmpdir(), 'relaunch-certificate-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return selfSigned(directory, `DNS:${name}`);
}
