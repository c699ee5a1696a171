import { randomUUID } from 'node:crypto';
import type Docker from 'dockerode';
import { beforeAll, expect, test, vi } from 'vitest';
import { upDocker, type DockerTestbed } from '../../scripts/testbed/docker/up.ts';
import { requestsIn } from '../support/access-log.ts';
import { dockerClient, pull, push, run } from '../support/docker-client.ts';

let testbed: DockerTestbed;
let docker: Docker;

const up = (): Promise<DockerTestbed> => upDocker({ own: true, say: () => undefined });

beforeAll(async () => {
  testbed = await up();
  docker = dockerClient(testbed);
  for (const image of Object.values(testbed.images)) await pull(docker, image);
});

/** The name of an image that is nowhere else: busybox, for a registry. */
async function tagged(host: string): Promise<string> {
  const repo = `${host}/test/${randomUUID().slice(0, 8)}`;
  await docker.getImage(testbed.images.busybox).tag({ repo, tag: '1' });
  return `${repo}:1`;
}

test('a container runs, and says how it ended', async () => {
  const ended = await run(docker, testbed.images.busybox, 'sh', '-c', 'echo over; exit 3');
  expect(ended).toEqual({ exitCode: 3, output: 'over\r\n' });
});

test('an image is pushed, and pulled by its digest', async () => {
  const image = await tagged(testbed.registry.open.host);
  await push(docker, image);
  const { RepoDigests } = await docker.getImage(image).inspect();
  const digest = RepoDigests.find((each) => each.startsWith(image.replace(/:1$/, '@'))) ?? '';
  expect(digest).toMatch(/@sha256:[0-9a-f]{64}$/);
  await docker.getImage(image).remove();
  await pull(docker, digest);
  expect(await run(docker, digest, 'true')).toMatchObject({ exitCode: 0 });
  const path = `/v2/${digest.slice(digest.indexOf('/') + 1).replace('@', '/manifests/')}`;
  // The registry answers first, and writes then.
  await vi.waitFor(async () => {
    const asked = (await requestsIn(testbed.registry.open.log)).filter((each) => each.path === path);
    // A manifest that the engine has already is only asked for by HEAD.
    expect(asked).toContainEqual({ method: expect.stringMatching(/^(GET|HEAD)$/) as string, path, status: 200 });
  });
  const manifest = `http://${testbed.registry.open.host}${path}`;
  expect((await fetch(manifest, { method: 'DELETE' })).status).toBe(202);
});

test('the private registry wants its credentials', async () => {
  const { host, username, password } = testbed.registry.private;
  const image = await tagged(host);
  await expect(push(docker, image)).rejects.toThrow(/no basic auth credentials/);
  const authconfig = { username, password, serveraddress: host };
  await push(docker, image, authconfig);
  await docker.getImage(image).remove();
  await expect(pull(docker, image)).rejects.toThrow(/no basic auth credentials/);
  await pull(docker, image, authconfig);
});

test('the package index wants its credentials', async () => {
  const { url, urlWithCredentials, log } = testbed.index;
  const install = (from: string) =>
    run(docker, testbed.images.python, 'pip', 'install', '--no-input', '--no-cache-dir', '--index-url', from, 'six');
  expect(await install(url)).toMatchObject({ exitCode: 1 });
  expect(await requestsIn(log)).toContainEqual({ method: 'GET', path: '/simple/six/', status: 401 });
  expect(await install(urlWithCredentials)).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining('Successfully installed six') as string,
  });
  expect(await requestsIn(log)).toContainEqual({ method: 'GET', path: '/simple/six/', status: 200 });
});

test('one image has the commands of Python, another has nothing of it and an apt that knows where it is', async () => {
  const { python, debian } = testbed.images;
  expect(
    await run(docker, python, 'sh', '-c', 'python -c "import venv, ensurepip" && python3 -V && pip -V'),
  ).toMatchObject({
    exitCode: 0,
  });
  expect(await run(docker, debian, 'sh', '-c', '! command -v python3 && apt-get update --print-uris')).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining('InRelease') as string,
  });
});

test('a registry that was killed comes back with what it had', async () => {
  const { host } = testbed.registry.open;
  const [, path = ''] = testbed.images.busybox.split(host);
  const manifest = `http://${host}/v2${path.replace(':', '/manifests/')}`;
  const headers = { Accept: 'application/vnd.oci.image.manifest.v1+json' };
  await testbed.kill('open-registry');
  await expect(fetch(manifest)).rejects.toThrow();
  await up();
  expect((await fetch(manifest, { method: 'HEAD', headers })).status).toBe(200);
});
