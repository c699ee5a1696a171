import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../activities/backends/backend.ts';
import { requestsIn } from '../support/access-log.ts';
import { never, sh } from '../support/backend-harness.ts';
import { push } from '../support/docker-client.ts';
import { dockerHarness, upOwnDocker, type DockerHarness } from '../support/docker-harness.ts';
import { recordingSink } from '../support/recording-sink.ts';

let harness: DockerHarness;
let backend: Backend;
beforeAll(async () => {
  harness = await dockerHarness();
  ({ backend } = harness);
});
afterEach(() => harness.cleanup());

const command = sh('echo ran');

/** An image that is nowhere else: in a registry, and here. */
async function pushed(host = harness.testbed.registry.open.host): Promise<string> {
  const { docker, testbed } = harness;
  const repo = `${host}/test/${randomUUID().slice(0, 8)}`;
  await docker.getImage(testbed.images.busybox).tag({ repo, tag: '1' });
  const { username, password } = testbed.registry.private;
  await push(docker, `${repo}:1`, { username, password, serveraddress: host });
  return `${repo}:1`;
}

async function ran(image: string, on: Backend = backend) {
  const attempt = harness.attempt({ command, image });
  await on.submit(attempt, never);
  const sink = recordingSink();
  return { verdict: await on.follow(attempt.ref, sink, never), sink };
}

test('an image that is not here is pulled, and shown with its digest', async () => {
  const image = await pushed();
  await harness.docker.getImage(image).remove();
  const { verdict, sink } = await ran(image);
  expect(verdict).toMatchObject({ kind: 'succeeded' });
  const shown = sink.phases[0]?.image ?? '';
  expect(shown.startsWith(`${image}@sha256:`)).toBe(true);
  expect(sink.phases).toEqual([expect.objectContaining({ phase: 'running', node: 'test-host' })]);
});

test('a tag that has moved is pulled again, a digest that is here is not', async () => {
  const { docker, testbed } = harness;
  const image = await pushed();
  const asked = async (): Promise<number> =>
    (await requestsIn(testbed.registry.open.log)).filter(({ path }) =>
      path.includes(image.split('/').at(-1)?.split(':')[0] ?? ''),
    ).length;
  const before = await asked();
  await ran(image);
  expect(await asked()).toBeGreaterThan(before);
  const { RepoDigests } = await docker.getImage(image).inspect();
  const digest = RepoDigests.find((one) => one.startsWith(image.replace(/:1$/, '@'))) ?? '';
  const between = await asked();
  expect((await ran(digest)).verdict).toMatchObject({ kind: 'succeeded' });
  expect(await asked()).toBe(between);
});

describe('an image that cannot be had', () => {
  test.each([
    ['no such tag', (host: string) => `${host}/base/busybox:none`, /manifest.* not found|manifest unknown/],
    ['no such repository', (host: string) => `${host}/nowhere/none:1`, /not found|unknown/],
  ])('fails the attempt in the words of the engine, and asks once: %s', async (_, nameOf, words) => {
    const image = nameOf(harness.testbed.registry.open.host);
    const { verdict, sink } = await ran(image);
    expect(verdict).toMatchObject({ kind: 'failed', cause: 'image-pull', node: 'test-host' });
    expect(verdict.message).toContain(image);
    expect(verdict.message).toMatch(words);
    expect(sink.lines).toEqual([]);
    expect(sink.phases).toEqual([]);
  });

  test('stays failed for a submit that comes again, and leaves nothing when it is released', async () => {
    const attempt = harness.attempt({ command, image: `${harness.testbed.registry.open.host}/base/busybox:none` });
    for (let i = 0; i < 2; i++) await backend.submit(attempt, never);
    expect(await backend.list(attempt.agent)).toEqual([{ ref: attempt.ref, live: false }]);
    expect(await backend.follow(attempt.ref, recordingSink(), never)).toMatchObject({ cause: 'image-pull' });
    await backend.release(attempt.ref, never);
    expect(await harness.leftovers()).toEqual([]);
  });

  test('is run from the copy that is here, with a warning in the log', async () => {
    const { docker, testbed } = harness;
    const image = `${testbed.registry.open.host}/local/${randomUUID().slice(0, 8)}:1`;
    await docker.getImage(testbed.images.busybox).tag({ repo: image.replace(/:1$/, ''), tag: '1' });
    const { verdict, sink } = await ran(image);
    expect(verdict).toMatchObject({ kind: 'succeeded' });
    expect(sink.lines[0]?.line).toMatchObject({
      s: 'stderr',
      m: expect.stringMatching(/^relaunch: image .* the copy on test-host is used/) as unknown,
    });
    expect(sink.texts('stdout')).toEqual(['ran']);
    await docker.getImage(image).remove();
  });
});

describe('a registry that wants credentials', () => {
  test('gets those of Docker’s configuration', async () => {
    const { testbed, docker } = harness;
    const image = await pushed(testbed.registry.private.host);
    await docker.getImage(image).remove();
    const { verdict } = await ran(image);
    expect(verdict).toMatchObject({
      kind: 'failed',
      cause: 'image-pull',
      message: expect.stringContaining('no basic auth credentials') as unknown,
    });
    const known = harness.again({ configDirectory: testbed.registry.private.dockerConfigDir });
    expect((await ran(image, known)).verdict).toMatchObject({ kind: 'succeeded' });
  });
});

test('a registry that is away for a while is waited for, and a pull can be called off', async () => {
  const { testbed, docker } = harness;
  const image = await pushed();
  await docker.getImage(image).remove();
  await testbed.kill('open-registry');
  try {
    const stop = new AbortController();
    const calledOff = backend.submit(harness.attempt({ command, image }), stop.signal);
    const attempt = harness.attempt({ command, image });
    const submitting = backend.submit(attempt, never);
    expect(await Promise.race([submitting, sleep(2_000, 'it waits')])).toBe('it waits');
    stop.abort(new Error('called off'));
    await expect(calledOff).rejects.toThrow('called off');
    await upOwnDocker();
    await submitting;
    expect(await backend.follow(attempt.ref, recordingSink(), never)).toMatchObject({ kind: 'succeeded' });
  } finally {
    await upOwnDocker();
  }
});
