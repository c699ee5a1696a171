import { randomUUID } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { contextEntries } from '../../activities/images/context-entries.ts';
import { contextTar } from '../../activities/images/context-tar.ts';
import { DockerEngine } from '../../activities/images/engine/docker-engine.ts';
import { result, submit, type Run, type RunEnd } from '../../client/index.ts';
import { specFromFlags, type LaunchFlags } from '../../scripts/launch-flags.ts';
import { preemption, watch } from '../../scripts/quickstart/train.ts';
import { leastAccuracy, problemsOf, type Trained } from '../../scripts/quickstart/verdict.ts';
import { readYamlFile } from '../../scripts/read-input.ts';
import { readLaunchConfig } from '../../scripts/read-launch-config.ts';
import { never } from '../support/backend-harness.ts';
import { faq, faqRequirements } from '../support/faq.ts';
import { ImageScene, type DockerArgs } from '../support/image-scene.ts';
import { once } from '../support/once.ts';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const digits = join(examples, 'digits');

let scene: ImageScene;

// They mostly wait: for a trainer that sleeps, and for apt.
vi.setConfig({ testTimeout: 240_000, maxConcurrency: 10 });

beforeAll(async () => {
  scene = await ImageScene.start(({ images }) => ({
    docker: {},
    accelerated: JSON.parse(faq.accelerator.replace('image-name', images.debian)) as DockerArgs,
    gpus: JSON.parse(faq.gpus.replace('tensorflow/tensorflow:latest-gpu', images.debian)) as DockerArgs,
  }));
  const builder = { buildArgs: { PYTHON_IMAGE: scene.testbed.images.python }, indexUrl: index() };
  await scene.cluster.agentOf(await scene.agentFile('builder', builder, ['docker', 'accelerated', 'gpus']));
}, 300_000);

afterAll(() => scene.stop());

const index = (): string => scene.testbed.index.urlWithCredentials;

const settings = { epochs: 6, epoch_sleep: 0.6 };

type Wanted = LaunchFlags & { config?: string };

/** Launches one of examples/images, as `relaunch launch -f` does. */
async function launch(example: string, { config, ...flags }: Wanted = {}): Promise<Run> {
  const set = Object.entries(settings).map(([name, value]) => `${name}=${String(value)}`);
  const spec = specFromFlags({
    flags: { ...flags, set: [...set, ...(flags.set ?? [])] },
    command: [],
    file: readYamlFile(join(examples, 'images', `${example}.yaml`), examples),
    config: config === undefined ? undefined : readLaunchConfig({ value: JSON.parse(config), name: 'the FAQ' }),
    cwd: examples,
    user: 'ada',
  });
  return submit(scene.cluster.relaunch, spec);
}

type Ended = Trained & { end: RunEnd };

async function ended(run: Run, isPreempted = false): Promise<Ended> {
  const { relaunch } = scene.cluster;
  const silent = { epoch: () => undefined, say: () => undefined };
  const { epochs } = await watch(relaunch, run, isPreempted ? preemption(relaunch, 0) : undefined, silent, never);
  return { epochs, end: await result(relaunch, run.workflowId) };
}

/** Its machine is taken away in the midst of it. */
const preempted = async (example: string, wanted?: Wanted): Promise<Ended> =>
  ended(await launch(example, wanted), true);

/** The example with an index of packages in its requirements, since tests have no public one. */
async function withIndex(line: string): Promise<string> {
  const code = join(scene.cluster.home, `digits-${randomUUID()}`);
  await cp(digits, code, { recursive: true });
  const requirements = join(code, 'requirements.txt');
  await writeFile(requirements, `${line}${await readFile(requirements, 'utf8')}`);
  return code;
}

const onOneLine = once(() => withIndex(`--index-url=${index()}\n`));

/** As `docker build` and `docker push` of a directory do. */
async function pushed(name: string, directory: string): Promise<string> {
  const { dockerHost, registry, images } = scene.testbed;
  const engine = new DockerEngine({ address: dockerHost, credentials: () => Promise.resolve(undefined) });
  const said = { line: () => Promise.resolve() };
  const tag = `${registry.open.host}/${scene.repository}/${name}`;
  const context = contextTar(await contextEntries(directory, () => false));
  const buildArgs = { PYTHON_IMAGE: images.python };
  await engine.build({ context, dockerfile: 'Dockerfile', tag, buildArgs, networkMode: 'host' }, said, never);
  await engine.push(tag, said, never);
  return tag;
}

const prebuilt = once(async () => pushed('digits:v1', await onOneLine()));

const undisturbed = once(async () =>
  ended(await launch('prebuilt', { dockerImage: await prebuilt(), set: ['epoch_sleep=0'] })),
);

const lackingPython =
  /^apt of the accelerator base image has no python3\.5, only: (python3\.\d+)[^;]*; name one of them in runtime\.txt, or choose another base image$/;

const refusedPython = once(async () => {
  const run = await launch('accelerator', { acceleratorImage: scene.testbed.images.debian, runtime: '3.5' });
  return result(scene.cluster.relaunch, run.workflowId);
});

/** The Python that the testbed's Debian has. */
async function runtime(): Promise<string> {
  const { failure } = await refusedPython();
  return lackingPython.exec(failure?.message ?? '')?.[1]?.replace('python', '') ?? 'unknown';
}

const accelerated = once(async () =>
  preempted('accelerator', { acceleratorImage: scene.testbed.images.debian, runtime: await runtime() }),
);

describe('an example that is preempted goes on where it was, to the same loss as one that was not', () => {
  test.concurrent.each<[string, string | undefined, () => Promise<Ended>]>([
    [
      'code with requirements, whose index stands there as in the FAQ',
      'RUN --mount=type=bind,source=requirements,',
      async () => preempted('generated', { code: await withIndex(faqRequirements(index(), index())) }),
    ],
    [
      'a Dockerfile with mounts, named by the FAQ’s overrides',
      'RUN --mount=type=cache',
      async () =>
        preempted('dockerfile', { code: await onOneLine(), config: faq.overrides, set: ['lr=0.02', 'batch_size=16'] }),
    ],
    ['a Dockerfile.wandb in a subdirectory', 'COPY train.py digits.csv ./', () => preempted('dockerfile-wandb')],
    ['an accelerator’s base image', 'command -v apt-get', accelerated],
    ['an image that is there', undefined, async () => preempted('prebuilt', { dockerImage: await prebuilt() })],
  ])('%s', async (_, step, path) => {
    const [run, reference] = await Promise.all([path(), undisturbed()]);
    expect(problemsOf(run, reference)).toEqual([]);
    expect(run.end.summary['val_acc']?.last).toBeGreaterThan(leastAccuracy);
    const build = await scene.lines(run.end.run, 'build');
    if (step === undefined) expect(build).toEqual([]);
    else expect(build.join('\n')).toContain(step);
  });
});

test.concurrent('requirements are there: the trainer shows its table', async () => {
  const { end } = await undisturbed();
  expect(end.attempts).toHaveLength(1);
  expect(await scene.lines(end.run)).toContainEqual(expect.stringMatching(/^ *digit +recognised$/));
});

describe('an accelerator’s base image', () => {
  test.concurrent('whose apt lacks the Python that is asked for is refused in one sentence', async () => {
    expect(await refusedPython()).toMatchObject({
      state: 'failed',
      attempts: [],
      failure: { type: 'BuildFailed', message: expect.stringMatching(lackingPython) as string },
    });
  });

  test.concurrent('that is not of the Debian family, too', async () => {
    const users = 'RUN echo root:x:0:0::/:/bin/sh > /etc/passwd; echo root:x:0: > /etc/group';
    const Dockerfile = `FROM ${scene.testbed.images.busybox}\n${users}\n`;
    const acceleratorImage = await pushed('other-family:v1', await scene.code({ Dockerfile }));
    const run = await launch('accelerator', { acceleratorImage });
    expect(await result(scene.cluster.relaunch, run.workflowId)).toMatchObject({
      state: 'failed',
      attempts: [],
      failure: {
        type: 'BuildFailed',
        message:
          'the accelerator base image has no apt-get: it has to be of the Debian family, such as Debian or Ubuntu',
      },
    });
  });

  test.concurrent('may be named by the queue, as the FAQ does it', async () => {
    const { end } = await accelerated();
    const run = await launch('generated', { queue: 'accelerated', runtime: await runtime(), set: ['epochs=1'] });
    expect(await result(scene.cluster.relaunch, run.workflowId)).toMatchObject({
      state: 'succeeded',
      image: end.image,
    });
  });

  test.concurrent('with all GPUs fails by name where the engine has none', async () => {
    const { end } = await accelerated();
    const run = await launch('generated', { queue: 'gpus', runtime: await runtime() });
    const gpus = await result(scene.cluster.relaunch, run.workflowId);
    expect(gpus).toMatchObject({ state: 'failed', image: end.image });
    expect(gpus.failure?.message).toContain('this engine has no GPU runtime');
  });
});
