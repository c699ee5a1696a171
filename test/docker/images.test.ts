import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { cancel, preempt, result, show, submit } from '../../client/index.ts';
import { requestsIn } from '../support/access-log.ts';
import { never } from '../support/backend-harness.ts';
import { commandLinesWith } from '../support/command-lines.ts';
import { pull, push } from '../support/docker-client.ts';
import { builderOn } from '../support/image-builds.ts';
import { httpGate, type HttpGate } from '../support/http-gate.ts';
import { ImageScene } from '../support/image-scene.ts';
import { until } from '../support/until.ts';

// Several builds in a row, on a machine that may be busy.
vi.setConfig({ testTimeout: 240_000 });

const queue = 'box';
let scene: ImageScene;

beforeAll(async () => {
  scene = await ImageScene.start([queue, 'fresh']);
  await scene.cluster.agentOf(await scene.agentFile(queue));
}, 300_000);

afterAll(() => scene.stop());

const python = { entrypoint: ['python', 'train.py'] };
const trainer = 'import six, json\nprint(json.dumps({"version": float(six.__version__[:4])}))\n';

test('code with requirements becomes an image and runs; unchanged it is not built again, changed it installs nothing again', async () => {
  const requirements = `# ${scene.repository}\n--index-url=${scene.testbed.index.urlWithCredentials}\nsix\n`;
  const first = await scene.run(
    queue,
    await scene.code({ 'train.py': trainer, 'requirements.txt': requirements }),
    python,
  );
  expect(first).toMatchObject({ state: 'succeeded', image: expect.stringMatching(/@sha256:[0-9a-f]{64}$/) as string });
  expect(first.summary['version']?.last).toBeGreaterThan(1);
  expect(await scene.lines(first.workflowId, 'build')).toContainEqual(
    expect.stringContaining('Successfully installed six'),
  );

  const same = await scene.run(
    queue,
    await scene.code({ 'train.py': trainer, 'requirements.txt': requirements }),
    python,
  );
  expect(same.image).toBe(first.image);
  expect(await scene.lines(same.workflowId, 'build')).toEqual([`${String(first.image)} is there: nothing to build`]);
  expect(await scene.pushes()).toBe(1);

  const changed = await scene.run(
    queue,
    await scene.code({ 'train.py': `${trainer}print("more")\n`, 'requirements.txt': requirements }),
    python,
  );
  expect(changed.image).not.toBe(first.image);
  expect((await scene.lines(changed.workflowId, 'build')).join('\n')).not.toContain('Successfully installed');

  const password = scene.testbed.registry.private.password;
  expect(requirements).toContain(password);
  const seen = [await scene.recorded(first.run), await scene.history(String(first.image))].join('\n');
  expect(seen).toContain('requirements');
  expect(seen).not.toContain(password);
});

const builderIn = (repository: string): ReturnType<typeof builderOn> =>
  builderOn({ address: scene.testbed.dockerHost, credentials: () => Promise.resolve(undefined) }, repository);

/** Makes what `name` in this scene's registry, and on the engine, is from now on: an image that says `words`. Answers its id. */
async function makeBase(name: string, words: string): Promise<string> {
  const { images } = scene.testbed;
  const { build } = builderIn(scene.repository);
  const { imageId } = await build([`FROM ${images.busybox}`, `RUN echo ${words} > /words`], { tag: name }).result;
  await push(scene.docker, name);
  return imageId;
}

test('an agent that was just started finds in two requests that there is nothing to build; on a base whose tag has moved it is built anew', async () => {
  const { host, log } = scene.testbed.registry.open;
  const base = `${host}/${scene.repository}/base:v1`;
  const old = await makeBase(base, 'old');
  const code = await scene.code({ Dockerfile: `FROM ${base}\nENTRYPOINT ["cat", "/words"]\n` });
  const own = { dockerfile: 'Dockerfile' };
  const first = await scene.run(queue, code, own);
  expect(await scene.lines(first.workflowId)).toEqual(['old']);

  await scene.cluster.agentOf(await scene.agentFile('fresh'));
  const before = await requestsIn(log);
  const same = await scene.run('fresh', code, own);
  expect(same.image).toBe(first.image);
  const asked = (await requestsIn(log)).slice(before.length).filter(({ path }) => path.includes(scene.repository));
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `HEAD /v2/${scene.repository}/base/manifests/v1`,
    expect.stringMatching(`^HEAD /v2/${scene.repository}/manifests/[0-9a-f]{32}$`),
  ]);

  await makeBase(base, 'new');
  // The engine has not heard of that.
  await scene.docker.getImage(old).tag({ repo: base.replace(/:v1$/, ''), tag: 'v1' });
  const moved = await scene.run(queue, code, own);
  expect(await scene.lines(moved.workflowId)).toEqual(['new']);
  expect(moved.image).not.toBe(first.image);
});

test('a Dockerfile of the user’s builds without Docker Hub, with mounts and its own entry point', async () => {
  const dockerfile = `# syntax=docker/dockerfile:1
FROM ${scene.testbed.images.busybox}
RUN --mount=type=cache,target=/cache --mount=type=bind,source=words,target=/words cat /words > /cache/words && cp /cache/words /said
ENTRYPOINT ["cat", "/said"]
`;
  const code = await scene.code({ 'build/Dockerfile': dockerfile, words: 'from a mount\n' });
  const end = await scene.run(queue, code, { dockerfile: './build/Dockerfile' });
  expect(end).toMatchObject({ state: 'succeeded' });
  expect(await scene.lines(end.workflowId)).toEqual(['from a mount']);
});

test('a Dockerfile.wandb beside the entry point in a subdirectory has that directory as its context', async () => {
  const code = await scene.code({
    'jobs/Dockerfile.wandb': `FROM ${scene.testbed.images.busybox}\nWORKDIR /job\nCOPY . .\n`,
    'jobs/train.sh': 'ls; echo trained',
    'other.txt': '',
  });
  const end = await scene.run(queue, code, { entrypoint: ['sh', 'jobs/train.sh'] });
  expect(end).toMatchObject({ state: 'succeeded' });
  expect(await scene.lines(end.workflowId)).toEqual(['Dockerfile.wandb', 'train.sh', 'trained']);
});

test('a Dockerfile that is not there is refused with the path that was looked at', async () => {
  const end = await scene.run(queue, await scene.code({ 'a.txt': '' }), { dockerfile: 'docker/Dockerfile' });
  expect(end).toMatchObject({ state: 'failed', attempts: [], failure: { type: 'LaunchRejected' } });
  expect(end.failure?.message).toContain('docker/Dockerfile');
});

test('a build that fails names step, exit code and last words', async () => {
  const dockerfile = `FROM ${scene.testbed.images.busybox}\nRUN echo "no compiler here" && exit 7\n`;
  const end = await scene.run(queue, await scene.code({ Dockerfile: dockerfile }), { dockerfile: 'Dockerfile' });
  expect(end).toMatchObject({ state: 'failed', attempts: [], failure: { type: 'BuildFailed' } });
  for (const word of ['RUN echo', '7', 'no compiler here']) expect(end.failure?.message).toContain(word);
});

const waiting = ({ wait }: HttpGate): string =>
  `FROM ${scene.testbed.images.busybox}\nRUN echo begun ${scene.repository}; ${wait}\nENTRYPOINT ["echo", "over"]\n`;

/** Two launches of one content, which is being built. */
async function twoBuilding(gate: HttpGate): Promise<[string, string]> {
  const code = await scene.code({ Dockerfile: waiting(gate) });
  const runs = await Promise.all([1, 2].map(() => scene.launch(queue, code, { dockerfile: 'Dockerfile' })));
  const ids = runs.map(({ workflowId }) => workflowId) as [string, string];
  for (const id of ids) await untilSays(id, 'begun');
  return ids;
}

test('two launches of one content at once are built once', async () => {
  await using gate = await httpGate();
  const before = await scene.pushes();
  const ids = await twoBuilding(gate);
  gate.open();
  const ends = await Promise.all(ids.map((id) => result(scene.cluster.relaunch, id)));
  expect(ends.map(({ state }) => state)).toEqual(['succeeded', 'succeeded']);
  expect(new Set(ends.map(({ image }) => image)).size).toBe(1);
  expect(await scene.pushes()).toBe(before + 1);
});

describe('the cancel of one of two launches of one content leaves the other’s build alone', () => {
  const cancelled = async (id: string): Promise<void> => {
    await cancel(scene.cluster.relaunch, id, { by: 'ada' });
    expect(await result(scene.cluster.relaunch, id)).toMatchObject({ state: 'cancelled', attempts: [] });
  };

  test('which comes to its end', async () => {
    await using gate = await httpGate();
    const [first, second] = await twoBuilding(gate);
    await cancelled(first);
    gate.open();
    expect(await result(scene.cluster.relaunch, second)).toMatchObject({ state: 'succeeded' });
    const said = (await scene.lines(second, 'build')).filter((line) => line.endsWith(`begun ${scene.repository}`));
    expect(said).toHaveLength(1);
  });

  test('and that of both ends it', async () => {
    await using gate = await httpGate();
    const [first, second] = await twoBuilding(gate);
    await cancelled(first);
    expect(await commandLinesWith(gate.host)).not.toEqual([]);
    await cancelled(second);
    expect(await commandLinesWith(gate.host)).toEqual([]);
  });
});

/** Waits until a build has written something. */
async function untilSays(workflowId: string, words: string): Promise<void> {
  await until(
    `the build of ${workflowId} says ${words}`,
    async () => {
      const { state, end } = await show(scene.cluster.relaunch, workflowId);
      if (end !== undefined) throw new Error(`it ended: ${state}`);
      return (await scene.lines(workflowId, 'build')).some((line) => line.includes(words) && !line.includes('RUN'));
    },
    30_000,
  );
}

test('a tag is pinned when its launch is checked: a requeued run has the same image, wherever the tag leads by then', async () => {
  const { docker, testbed } = scene;
  const repo = `${testbed.registry.open.host}/${scene.repository}-prebuilt`;
  const give = async (image: string): Promise<void> => {
    await docker.getImage(image).tag({ repo, tag: 'v1' });
    await push(docker, `${repo}:v1`);
  };
  await give(testbed.images.busybox);
  const script =
    'trap "exit 143" TERM; test "$RELAUNCH_RESUMED" = 1 && exec cat /etc/os-release; echo up; while :; do sleep 0.1; done';
  const run = await submit(scene.cluster.relaunch, {
    ...{ queue, source: { image: `${repo}:v1` }, entrypoint: ['sh', '-c', script] },
  });
  await until('it runs', async () => (await scene.lines(run.workflowId)).includes('up'), 30_000);
  await pull(docker, testbed.images.debian);
  await give(testbed.images.debian);
  await preempt(scene.cluster.relaunch, run.workflowId, { by: 'ada' });
  // busybox has no such file, Debian has.
  expect(await result(scene.cluster.relaunch, run.workflowId)).toMatchObject({
    ...{ state: 'failed', requeues: 1 },
    attempts: [{ outcome: { kind: 'preempted' } }, { outcome: { kind: 'failed', exitCode: 1 } }],
  });
});

test('of what was built its engine keeps the newest twenty, and what containers use or somebody else has named', async () => {
  const { docker, testbed } = scene;
  const repo = `${testbed.registry.open.host}/${scene.repository}`;
  const kept = async (): Promise<string[]> => {
    const images = await docker.listImages({ filters: { reference: [`${repo}:*`] } });
    return images.flatMap(({ RepoTags }) => RepoTags ?? []);
  };
  const [used, old] = await kept();
  const container = await docker.createContainer({ Image: used });
  onTestFinished(() => container.remove());
  const keys = Array.from({ length: 19 }, (_, i) => `${repo}:${i.toString(16).padStart(32, '0')}`);
  for (const name of [...keys, `${repo}:mine`]) {
    await docker.getImage(testbed.images.busybox).tag({ repo, tag: name.slice(repo.length + 1) });
  }
  expect(await kept()).toContain(old);
  const dockerfile = `FROM ${testbed.images.busybox}\nCOPY Dockerfile .\nENTRYPOINT ["echo", "${scene.repository}"]\n`;
  const end = await scene.run(queue, await scene.code({ Dockerfile: dockerfile }), { dockerfile: 'Dockerfile' });
  expect(end).toMatchObject({ state: 'succeeded' });
  const [newest = ''] = (await docker.getImage(String(end.image)).inspect()).RepoTags;
  expect((await kept()).sort()).toEqual([used, ...keys, `${repo}:mine`, newest].sort());

  // As of a build whose client was killed before its end: the engine does not know when it was tagged.
  const saved = await buffer(await docker.getImage(newest).get());
  await docker.getImage(newest).remove();
  await text(await docker.loadImage(Readable.from([saved])));
  const { engine } = builderIn(repo);
  expect((await engine.list(repo, never))[0]).toBe(newest.slice(repo.length + 1));
});
