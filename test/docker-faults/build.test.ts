import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DockerEngine } from '../../activities/images/engine/docker-engine.ts';
import { prepareBuild } from '../../activities/images/prepared-build.ts';
import { RegistryClient } from '../../activities/images/registry/registry-client.ts';
import { dockerCredentials } from '../../activities/images/registry/docker-config.ts';
import type { Credentials } from '../../activities/images/registry/credentials.ts';
import { upDocker, type DockerTestbed } from '../../scripts/testbed/docker/up.ts';
import { never } from '../support/backend-harness.ts';
import { commandLinesWith } from '../support/command-lines.ts';
import { dockerClient, run } from '../support/docker-client.ts';
import { builderOn, type Build } from '../support/image-builds.ts';
import { recordingRegistry } from '../support/recording-registry.ts';
import { until } from '../support/until.ts';

let testbed: DockerTestbed;
let docker: Docker;
let engine: DockerEngine;
let build: Build;
let base: string;

const repository = 'relaunch-build-test';
const silent = { line: () => Promise.resolve() };
const up = (): Promise<DockerTestbed> => upDocker({ own: true, say: () => undefined });

/** Asked for credentials of these hosts. */
const asked: string[] = [];
const fromDockerConfig = (host: string, signal: AbortSignal): Promise<Credentials | undefined> => {
  asked.push(host);
  return dockerCredentials(testbed.registry.private.dockerConfigDir, host, signal);
};
/** A builder of somebody with these credentials everywhere. */
const builderAs = (credentials: Credentials | undefined) =>
  builderOn({ address: testbed.dockerHost, credentials: () => Promise.resolve(credentials) }, repository);

beforeAll(async () => {
  testbed = await up();
  docker = dockerClient(testbed);
  base = `FROM ${testbed.images.busybox}`;
  ({ engine, build } = builderOn({ address: testbed.dockerHost, credentials: fromDockerConfig }, repository));
  await engine.check(never);
});

afterAll(async () => {
  for (const { RepoTags } of await docker.listImages()) {
    const ours = (RepoTags ?? []).filter((tag) => tag.includes(repository));
    for (const tag of ours) await engine.remove(tag, never);
  }
});

test('an image is built, told about and runs; built again, all of it is cached', async () => {
  const dockerfile = [base, 'COPY greeting /greeting', `RUN cat greeting && echo ${randomUUID()} > /once`];
  const files = { greeting: 'hello\n' };
  const first = build(dockerfile, { files });
  const { imageId } = await first.result;
  expect(imageId).toMatch(/^sha256:/);
  expect(first.text()).toMatch(/^#\d+ \[3\/3\] RUN cat greeting .*\n#\d+ \d\.\d{3} hello\n#\d+ DONE \d\.\ds$/m);
  expect(await run(docker, first.tag, 'cat', '/greeting')).toMatchObject({ exitCode: 0, output: 'hello\r\n' });
  const again = build(dockerfile, { files });
  expect((await again.result).imageId).toBe(imageId);
  expect(again.text()).toMatch(/^#\d+ \[3\/3\] RUN cat greeting .*\n#\d+ CACHED$/m);
  expect(await engine.has(again.tag, never)).toBe(true);
  await engine.remove(again.tag, never);
  await engine.remove(again.tag, never);
  expect(await engine.has(again.tag, never)).toBe(false);
  expect(await engine.has(imageId, never)).toBe(true);
});

test('an image from nothing, with a Dockerfile in a directory and build arguments', async () => {
  const { result, tag } = build([], {
    files: { 'docker/own.Dockerfile': 'FROM scratch\nARG who\nCOPY a /${who}\nLABEL who=${who}', a: 'a' },
    dockerfile: 'docker/own.Dockerfile',
    buildArgs: { who: 'me' },
  });
  await result;
  expect((await docker.getImage(tag).inspect()).Config.Labels).toEqual({ who: 'me' });
});

test('a step that fails is named with its exit code and its last lines', async () => {
  const failing = build([
    base,
    'RUN for i in $(seq 1 30); do echo line $i; done; sleep 0.5; echo to stderr >&2; exit 3',
  ]);
  await expect(failing.result).rejects.toMatchObject({
    type: 'BuildFailed',
    message: expect.stringMatching(
      /^\[2\/2\] RUN for i .* ended with exit code 3\. Its last lines:\nline 22\n(line \d+\n){8}to stderr$/,
    ) as string,
  });
  expect(await engine.has(failing.tag, never)).toBe(false);
});

test.each([
  ['an instruction', 'FROB it', /^Dockerfile, line 3: unknown instruction: FROB; the syntax that Docker Engine \d/],
  [
    'a flag',
    'COPY --nonsense=1 a /a',
    /^Dockerfile, line 3: unknown flag: .*nonsense.*; the syntax that Docker Engine \d/i,
  ],
  ['a file that is not there', 'COPY nothere /x', /^\[3\/3\] COPY nothere \/x: .*"\/nothere".* not found/],
])('%s that cannot be', async (_, line, message) => {
  const { result } = build([base, `RUN echo ${randomUUID()}`, line], { files: { a: 'a' } });
  await expect(result).rejects.toMatchObject({
    type: 'BuildFailed',
    message: expect.stringMatching(message) as string,
  });
});

test('mounts of all kinds, and a secret that is nowhere afterwards', async () => {
  const secret = `only-for-this-build-${randomUUID()}`;
  const cache = randomUUID();
  const counting = `RUN --mount=type=cache,id=${cache},target=/c echo x >> /c/n && wc -l < /c/n`;
  const dockerfile = (salt: string) => [
    ...[base, `ENV SALT=${salt}`, counting],
    'RUN --mount=type=bind,source=a,target=/b grep bound /b',
    'RUN --mount=type=tmpfs,target=/t touch /t/x && mount | grep " /t type tmpfs"',
    'RUN --mount=type=secret,id=token,required sh -c "cat /run/secrets/token; wc -c < /run/secrets/token"',
  ];
  const more = { files: { a: 'bound' }, secrets: { token: secret } };
  const first = build(dockerfile('1'), more);
  await first.result;
  const second = build(dockerfile('2'), more);
  await second.result;
  expect(second.text()).toMatch(/^#\d+ \d\.\d{3} 2$/m);
  expect(second.text()).toMatch(/^#\d+ \d\.\d{3} \*{4}/m);
  const image = docker.getImage(second.tag);
  const layers = Buffer.concat((await Readable.from(await image.get()).toArray()) as Buffer[]);
  const told = [first.text(), second.text(), await image.history(), await image.inspect()];
  expect(JSON.stringify(told)).not.toContain(secret);
  expect(layers.length).toBeGreaterThan(1_000_000);
  expect(layers.includes(secret)).toBe(false);
});

/** Builds a Dockerfile as the run of a project. Answers the image's key. */
async function buildOf(project: string, ...dockerfile: string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'relaunch-source-'));
  try {
    await writeFile(join(directory, 'Dockerfile'), dockerfile.join('\n'));
    const plan = { entity: 'team', project, entrypoint: [] };
    const settings = {
      type: 'docker',
      destination: repository,
      buildArgs: {},
      cacheFrom: [],
      networkMode: 'host',
    } as const;
    const source = { directory, plan, build: { dockerfile: 'Dockerfile', builder: {} } };
    const { request, key } = await prepareBuild(source, settings, new RegistryClient(), never);
    await engine.build(request(), silent, never);
    return key;
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('the caches of a project are in no build of another one, in whichever way they are named, nor is its image', async () => {
  const id = randomUUID();
  const cached = (command: string, options = `type=cache,id=${id},target=/c`) => `RUN --mount=${options} ${command}`;
  const triggered = `${testbed.registry.open.host}/${repository}/${id}:1`;
  await build([base, `ONBUILD ${cached('ls /c > /there')}`], { tag: triggered }).result;
  await engine.push(triggered, silent, never);
  const key = await buildOf('ours', base, cached('touch /c/ours'));
  await buildOf('ours', base, cached('test -e /c/ours'));
  await buildOf('ours', `FROM ${triggered}`, 'RUN grep ours /there');

  const theirs = (...lines: string[]) => buildOf('theirs', `${base} AS salt-${id}`, ...lines);
  await theirs(cached('test ! -e /c/ours'));
  await theirs(cached('test ! -e /c/ours', `"type=cache","id=${id}",target=/c`));
  await theirs('RUN true <<X', cached('test ! -e /c/ours'));
  await theirs('ARG BUILDKIT_CACHE_MOUNT_NS=', cached('test ! -e /c/ours'));
  await buildOf('theirs', `FROM ${triggered}`, 'RUN test ! -s /there');
  expect(await buildOf('theirs', base, cached('touch /c/ours'))).not.toBe(key);
});

test('a secret is there also for a step that comes late: the engine asks every second whether we still are', async () => {
  const late = build(
    [base, `RUN sleep 3; echo ${randomUUID()}`, 'RUN --mount=type=secret,id=token,required wc -c /run/secrets/token'],
    { secrets: { token: '12345678' } },
  );
  await late.result;
  expect(late.text()).toMatch(/^#\d+ \d\.\d{3} 8 \/run\/secrets\/token$/m);
});

test('a secret that is needed and not there fails the build by its name', async () => {
  const { result } = build([base, 'RUN --mount=type=secret,id=token,required true'], { secrets: { other: 'x' } });
  await expect(result).rejects.toMatchObject({
    type: 'BuildFailed',
    message: expect.stringContaining('secret token not found') as string,
  });
});

test('a build that is called off leaves no process, and no image', async () => {
  const calledOff = new AbortController();
  const seconds = String(100_000 + Math.floor(Math.random() * 100_000));
  const { result, tag, text } = build([base, `RUN echo be''gun; sleep ${seconds}`], { signal: calledOff.signal });
  await until('the step runs', () => text().includes(' begun'));
  expect(await commandLinesWith(seconds)).not.toEqual([]);
  calledOff.abort(new Error('called off'));
  await expect(result).rejects.toThrow('called off');
  expect(await commandLinesWith(seconds)).toEqual([]);
  expect(await engine.has(tag, never)).toBe(false);
});

test('a build that is called off before it begins, too', async () => {
  for (const ms of [0, 5, 20, 50]) {
    const { result } = build([base, `RUN echo ${randomUUID()}; sleep 60`], { signal: AbortSignal.timeout(ms) });
    await expect(result).rejects.toThrow(/timeout/);
  }
});

test('a context that breaks off fails the build by its own error', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield await Promise.resolve(Buffer.alloc(512));
    throw new Error('the disk is gone');
  }
  const context = Readable.from(broken());
  await expect(build([], { context }).result).rejects.toThrow('the disk is gone');
});

test('an engine that says nothing for too long is given up, and the build with it', async () => {
  const options = { address: testbed.dockerHost, credentials: fromDockerConfig, silenceMs: 1_000 };
  const seconds = String(100_000 + Math.floor(Math.random() * 100_000));
  const { result } = builderOn(options, repository).build([base, `RUN sleep ${seconds}`]);
  await expect(result).rejects.toMatchObject({
    type: 'BuilderUnavailable',
    message: expect.stringMatching(/said nothing for 1 s$/) as string,
  });
  await until('nothing of it runs', async () => (await commandLinesWith(seconds)).length === 0);
});

test('an engine that is away is named', async () => {
  const away = builderOn({ address: 'unix:///nowhere/docker.sock', credentials: fromDockerConfig }, repository);
  const failure = {
    type: 'BuilderUnavailable',
    message: expect.stringContaining('unix:///nowhere/docker.sock') as string,
  };
  await expect(away.build([base]).result).rejects.toMatchObject(failure);
  await expect(away.engine.check(never)).rejects.toMatchObject(failure);
  await expect(away.engine.push('registry.example/x:1', silent, never)).rejects.toMatchObject(failure);
});

/** Under a name that only the private registry has. */
async function privateImage(): Promise<string> {
  const { result, tag } = build(['FROM scratch', `LABEL salt=${randomUUID()}`], {
    tag: `${testbed.registry.private.host}/${repository}/${randomUUID().slice(0, 8)}:1`,
  });
  await result;
  return tag;
}

test('a base image of a private registry is given to who has its credentials, and to nobody else', async () => {
  const { host, username } = testbed.registry.private;
  const image = await privateImage();
  await engine.push(image, silent, never);
  await engine.remove(image, never);
  asked.length = 0;
  await build([`FROM ${image}`, 'LABEL a=b']).result;
  expect(new Set(asked)).toEqual(new Set([host]));
  await expect(builderAs(undefined).build([`FROM ${image}`, 'LABEL a=c']).result).rejects.toMatchObject({
    type: 'RegistryDenied',
    message: expect.stringMatching(
      `^registry ${host} does not give base image ${image} to anybody \\(there are no cred`,
    ) as string,
  });
  const wrong = builderAs({ kind: 'password', username, password: 'wrong-one' });
  await expect(wrong.build([`FROM ${image}`, 'LABEL a=d']).result).rejects.toMatchObject({
    type: 'RegistryDenied',
    message: expect.stringMatching(
      `^registry ${host} does not give base image ${image} to user "${username}": .*401`,
    ) as string,
  });
});

test('a registry that nobody has credentials for is shown none', async () => {
  await using stranger = await recordingRegistry();
  const { result } = build([`FROM ${stranger.host}/team/base:1`, 'RUN true']);
  await expect(result).rejects.toMatchObject({ type: 'RegistryDenied' });
  expect(stranger.shown).not.toEqual([]);
  expect(stranger.shown.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
});

test('a base image that is not there, and one of a registry that is away', async () => {
  const { host } = testbed.registry.open;
  await expect(build([`FROM ${host}/no/such:1`]).result).rejects.toMatchObject({
    type: 'BuildFailed',
    message: expect.stringMatching(`^base image ${host}/no/such:1: .*not found`) as string,
  });
  await expect(build(['FROM 127.0.0.1:9/no/such:1']).result).rejects.toMatchObject({
    type: 'RegistryUnavailable',
    message: expect.stringMatching(/^registry 127\.0\.0\.1:9 .*connection refused/) as string,
  });
});

test.each(['open', 'private'] as const)(
  'an image is pushed to the %s registry, and not sent a second time',
  async (which) => {
    const tag = `${testbed.registry[which].host}/${repository}/${randomUUID().slice(0, 8)}:1`;
    await build([base, `RUN echo ${randomUUID()} > /x`], { tag }).result;
    const said: string[] = [];
    const sink = { line: ({ m }: { m: string }) => Promise.resolve(void said.push(m)) };
    const first = await engine.push(tag, sink, never);
    expect(first.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(said.some((line) => line.endsWith(': Pushed'))).toBe(true);
    said.length = 0;
    expect(await engine.push(tag, sink, never)).toEqual(first);
    expect(said.some((line) => line.endsWith(': Layer already exists'))).toBe(true);
    expect(said.some((line) => line.endsWith(': Pushed'))).toBe(false);
  },
);

test('a push that is refused names registry and account, and one to a registry that is away may be tried again', async () => {
  const { host, username } = testbed.registry.private;
  const image = await privateImage();
  await expect(builderAs(undefined).engine.push(image, silent, never)).rejects.toMatchObject({
    type: 'RegistryDenied',
    message: expect.stringMatching(`^registry ${host} does not take ${image} from anybody`) as string,
  });
  const wrong = builderAs({ kind: 'password', username, password: 'wrong-one' });
  const refused = wrong.engine.push(image, silent, never);
  await expect(refused).rejects.toMatchObject({
    type: 'RegistryDenied',
    message: expect.stringMatching(`^registry ${host} does not take ${image} from user "${username}": `) as string,
  });
  await expect(refused).rejects.not.toThrow('wrong-one');
  await testbed.kill('private-registry');
  try {
    await expect(engine.push(image, silent, never)).rejects.toMatchObject({
      type: 'RegistryUnavailable',
      message: expect.stringMatching(`^registry ${host} does not take ${image}: .*connection refused`) as string,
    });
  } finally {
    await up();
  }
  await engine.push(image, silent, never);
  await engine.remove(image, never);
  await expect(engine.push(image, silent, never)).rejects.toMatchObject({ type: 'BuilderUnavailable' });
});

test('an engine that is killed in the middle of a build is unavailable, and builds when it is back', async () => {
  const dockerfile = (seconds: number) => [base, `RUN echo be''gun ${randomUUID()}; sleep ${String(seconds)}`];
  const { result, text } = build(dockerfile(30));
  await until('the step runs', () => text().includes(' begun'));
  await testbed.kill('dockerd');
  try {
    await expect(result).rejects.toMatchObject({
      type: 'BuilderUnavailable',
      message: expect.stringContaining(testbed.dockerHost) as string,
    });
  } finally {
    await up();
  }
  await build(dockerfile(0)).result;
});
