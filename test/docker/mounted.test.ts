import { createServer } from 'node:http';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Attempt } from '../../activities/backends/backend.ts';
import type { DockerPoint } from '../../activities/backends/docker/site.ts';
import { cancel, preempt, result, show } from '../../client/index.ts';
import { never } from '../support/backend-harness.ts';
import { dockerClient, pull, push, run } from '../support/docker-client.ts';
import { dockerHarness, type DockerHarness } from '../support/docker-harness.ts';
import { ImageScene } from '../support/image-scene.ts';
import { onLoopback } from '../../scripts/testbed/loopback.ts';
import { recordingSink } from '../support/recording-sink.ts';
import { until } from '../support/until.ts';
import { minorOf, wandbFiles, wandbLaunch, wandbLibrary, wandbLines, wandbSaid } from '../support/wandb-library.ts';

// An environment of Python takes seconds of computing to make, several at once on a machine that may be busy.
vi.setConfig({ testTimeout: 240_000, maxConcurrency: 10 });

describe('the container', () => {
  let harness: DockerHarness;
  let scratch: string;
  beforeAll(async () => {
    harness = await dockerHarness();
    scratch = await mkdtemp(join(tmpdir(), 'relaunch-mounted-'));
  });
  afterEach(() => harness.cleanup());
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  const files = { 'run.sh': 'set -e; cat part/of/it; echo mine > part/made; echo > here; ls -A; ./tool; ls -A empty', tool: '#!/bin/sh\necho ran\n' }; // prettier-ignore

  /** Code on busybox that writes into its own directories. */
  function mounted(run: string, resourceArgs: Attempt['plan']['resourceArgs']): Attempt {
    const attempt = harness.attempt({ command: ['sh', 'run.sh'], run, resourceArgs });
    return {
      ...attempt,
      workplace: join(scratch, run),
      plan: {
        ...attempt.plan,
        source: { code: { digest: '0'.repeat(64) } },
        mounted: { spec: { baseImage: harness.testbed.images.busybox, builder: {} }, by: {} },
      },
      unpackSource: async (directory) => {
        for (const inner of ['part/of', 'empty']) await mkdir(join(directory, inner), { recursive: true });
        await writeFile(join(directory, 'part/of/it'), 'whole\n');
        for (const [path, text] of Object.entries(files)) await writeFile(join(directory, path), text, { mode: 0o755 });
      },
    };
  }

  const points: Record<DockerPoint, object> = {
    'docker:made': { user: '1000', 'read-only': true },
    'docker:filled': { user: '4242:4242' },
    'docker:named': { 'cap-drop': 'ALL' },
  };

  test.each(Object.entries(points))(
    'has all of the code before it starts, once, also if one submit stands still at %s and another begins',
    async (point, resourceArgs) => {
      const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>();
      const { promise: there, resolve: arrive } = Promise.withResolvers<undefined>();
      const slow = harness.again({
        reached: (at) => {
          if (at !== point) return Promise.resolve();
          arrive(undefined);
          return held;
        },
      });
      const attempt = mounted(`held-at-${point.replace(':', '-')}`, resourceArgs as Attempt['plan']['resourceArgs']);
      const first = slow.submit(attempt, never);
      await there;
      await harness.backend.submit(attempt, never);
      const sink = recordingSink();
      expect(await harness.backend.follow(attempt.ref, sink, never)).toMatchObject({ kind: 'succeeded' });
      expect(sink.texts('stdout')).toEqual(['whole', 'empty', 'here', 'part', 'run.sh', 'tool', 'ran']);
      letGo(undefined);
      await first;
      expect(await readdir(attempt.workplace)).toEqual([]);
      await harness.backend.release(attempt.ref, never);
      const [checkpoints, ...others] = await harness.leftovers();
      expect(checkpoints).toContain('checkpoints');
      expect(others).toEqual([]);
    },
  );

  test('that a submit has left is known as the attempt’s, and goes with it', async () => {
    const attempt = mounted('left', {});
    const { promise: there, resolve: arrive } = Promise.withResolvers<undefined>();
    const dead = harness.again({
      reached: () => {
        arrive(undefined);
        return new Promise(() => undefined);
      },
    });
    void dead.submit(attempt, never);
    await there;
    expect(await harness.backend.list(attempt.agent)).toMatchObject([{ ref: attempt.ref, live: false }]);
    await harness.backend.submit(attempt, never);
    expect(await harness.backend.list(attempt.agent)).toHaveLength(1);
    await harness.backend.follow(attempt.ref, recordingSink(), never);
    await harness.backend.release(attempt.ref, never);
    expect(await harness.backend.list(attempt.agent)).toEqual([]);
    expect(await harness.leftovers()).toHaveLength(1);
  });
});

describe('a run', () => {
  let scene: ImageScene;
  beforeAll(async () => {
    const testbed = await ImageScene.up();
    const docker = dockerClient(testbed);
    await pull(docker, testbed.images.python);
    const { output } = await run(docker, testbed.images.python, 'python3', '--version');
    const volume = [`${await wandbLibrary(minorOf(output))}:/opt/wandb:ro`];
    scene = await ImageScene.start(() => ({ none: { volume }, killed: {} }));
    for (const version of ['3.12', '3.13']) await givePython(version, scene.testbed.images.python);
    await scene.cluster.agentOf(await scene.agentFile('none', { type: 'none', pythonImage: pythonOf('{version}') }));
  }, 300_000);
  afterAll(() => scene.stop());

  /** This scene's own image of a version, beside the testbed's. */
  const pythonOf = (version: string): string =>
    `${scene.testbed.images.python.replace(/:[^:/]*$/, '')}:${scene.repository}-${version}`;

  /** Makes it what `image` is, from now on. */
  async function givePython(version: string, image: string): Promise<void> {
    const [repo = '', tag = ''] = pythonOf(version).split(/:(?=[^:/]*$)/);
    await pull(scene.docker, image);
    await scene.docker.getImage(image).tag({ repo, tag });
    await push(scene.docker, `${repo}:${tag}`);
  }

  const train = `import json, os, signal, sys, six
saved = os.path.join(os.environ['RELAUNCH_CHECKPOINT_DIR'], 'step')
open('scratch', 'x').close()
if os.path.exists(saved):
    print(json.dumps({'resumed': int(open(saved).read()), 'six': float(six.__version__[:4])}))
    sys.exit()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
open(saved, 'w').write('7')
print('saved', flush=True)
signal.pause()
`;

  test.concurrent(
    'gets its requirements at each start where nothing is built, on the image of the first one, and nobody sees the password for them',
    async () => {
      const { cluster, testbed } = scene;
      const requirements = `--index-url=${testbed.index.urlWithCredentials}\nsix\n`;
      const code = await scene.code({ 'train.py': train, 'requirements.txt': requirements });
      const { workflowId, id } = await scene.launch('none', code, {
        ...{ entrypoint: ['train.py'], builder: { runtime: '3.13' } },
      });
      await until(
        'it has saved',
        async () => {
          const { end } = await show(cluster.relaunch, workflowId);
          if (end !== undefined) throw new Error(JSON.stringify(end));
          return (await scene.lines(workflowId)).includes('saved');
        },
        180_000,
      );
      const inspected = JSON.stringify(await scene.docker.getContainer(`${id}-a1`).inspect());
      await givePython('3.13', testbed.images.busybox);
      await preempt(cluster.relaunch, workflowId, { by: 'ada' });
      const end = await result(cluster.relaunch, workflowId);
      expect(end).toMatchObject({ state: 'succeeded', requeues: 1, summary: { resumed: { last: 7 } } });
      expect(end.image).toMatch(/base\/python@sha256:[0-9a-f]{64}$/);
      const lines = await scene.lines(workflowId);
      expect(lines).toContainEqual(expect.stringContaining('Successfully installed six'));
      expect(lines).toContainEqual(expect.stringMatching(/Looking in indexes: http:\/\/.*\*\*\*\*@/));
      expect(inspected).toContain('requirements.txt');
      expect(requirements).toContain(testbed.registry.private.password);
      for (const seen of [inspected, await scene.recorded(id)])
        expect(seen).not.toContain(testbed.registry.private.password);
    },
  );

  test.concurrent('gives W&B’s own library its configuration and its patched file', async () => {
    const code = await scene.code(wandbFiles);
    const { workflowId, run: id } = await scene.run('none', code, {
      ...{ ...wandbLaunch, env: { ...wandbLaunch.env, PYTHONPATH: '/opt/wandb' } },
      baseImage: scene.testbed.images.python,
    });
    expect(wandbSaid(await scene.lines(workflowId))).toEqual(wandbLines(id, { onDisk: true }));
  });

  test.concurrent('is ended at once while its requirements are being installed', async () => {
    const { promise: asked, resolve: arrive } = Promise.withResolvers<undefined>();
    await using index = await onLoopback(
      createServer(() => {
        arrive(undefined);
      }),
    );
    const requirements = `--index-url=http://${index.host}\nsix\n`;
    const code = await scene.code({ 'train.py': '', 'requirements.txt': requirements });
    const { workflowId } = await scene.launch('none', code, { entrypoint: ['train.py'] });
    await asked;
    await cancel(scene.cluster.relaunch, workflowId, { by: 'ada' });
    const { outcome } = await result(scene.cluster.relaunch, workflowId);
    expect(outcome).toMatchObject({ kind: 'cancelled', exitCode: 143 });
  });

  test.concurrent('shows no password that pip would show', async () => {
    const code = await scene.code({
      'train.py': '',
      'requirements.txt': 'six https://ada:s3cr3t-word@index.example/\n',
    });
    const end = await scene.run('none', code, { entrypoint: ['train.py'] });
    expect(end).toMatchObject({ state: 'failed', outcome: { cause: 'exit-code', exitCode: 1 } });
    const seen = [...(await scene.lines(end.workflowId)), JSON.stringify(end), await scene.recorded(end.run)].join(
      '\n',
    );
    expect(seen).toContain('https://****index.example');
    expect(seen).not.toContain('s3cr3t-word');
  });

  test.concurrent('of a notebook on a base image of its own needs no builder', async () => {
    const cells = [{ cell_type: 'code', source: ['!pip install six\n', 'print("from a notebook")'] }];
    const code = await scene.code({
      'nb.ipynb': JSON.stringify({ nbformat: 4, cells }),
      'requirements.txt': 'no-such\n',
    });
    const { python } = scene.testbed.images;
    const end = await scene.run('none', code, { entrypoint: ['nb.ipynb'], baseImage: python });
    expect(end).toMatchObject({ state: 'succeeded' });
    expect(await scene.lines(end.workflowId)).toEqual([
      'relaunch: warning: nb.ipynb: "!pip install six" is left out, it is not Python',
      'from a notebook',
    ]);
    expect(await scene.recorded(end.run)).toContain(`"baseImage":"${python.split(/:[^:/]*$/)[0] ?? ''}@sha256:`);
  });

  test.concurrent.each([
    ['a Dockerfile.wandb', { 'Dockerfile.wandb': 'FROM scratch\n' }, {}, 'Dockerfile.wandb cannot be built'],
    ['a Dockerfile that it names', {}, { dockerfile: 'Dockerfile' }, 'dockerfile is "Dockerfile"'],
    [
      'an accelerator’s base',
      {},
      { builder: { acceleratorImage: 'cuda:13' } },
      'builder.acceleratorImage is "cuda:13"',
    ],
  ])('with %s ends at once where nothing is built', async (_, files, more, words) => {
    const code = await scene.code({ 'train.py': '', ...files });
    const end = await scene.run('none', code, { entrypoint: ['train.py'], ...more });
    expect(end).toMatchObject({ state: 'failed', failure: { type: 'LaunchRejected' } });
    expect(end.failure?.message).toContain(words);
    expect(end.failure?.message).toContain('`builder: {type: docker}`');
    const filters = { label: [`relaunch.dev/run=${end.run}`] };
    expect(await scene.docker.listContainers({ all: true, filters })).toEqual([]);
  });

  test.concurrent(
    'whose agent is killed while it submits is submitted by the next one, which removes what was unpacked',
    async () => {
      const file = await scene.agentFile('killed', { type: 'none' });
      const hook = { at: 'docker:filled', do: 'kill' } as const;
      const doomed = await scene.cluster.hookedAgent('killed', ['killed'], hook, { file });
      const code = await scene.code({ 'train.sh': 'echo trained', 'requirements.txt': '' });
      const { workflowId, id } = await scene.launch('killed', code, {
        entrypoint: ['train.sh'],
        baseImage: scene.testbed.images.debian,
      });
      expect(await doomed.exited).toBe('SIGKILL');
      const workplace = join(scene.cluster.home, 'submits', 'killed');
      expect(await readdir(workplace)).toHaveLength(1);
      await scene.cluster.agentOf(file);
      expect(await result(scene.cluster.relaunch, workflowId)).toMatchObject({
        state: 'succeeded',
        attempts: [{ attempt: 1 }],
      });
      expect(await scene.lines(workflowId)).toEqual(['trained']);
      expect(await readdir(workplace)).toEqual([]);
      const filters = { label: [`relaunch.dev/run=${id}`] };
      await until(
        'nothing is left of it',
        async () => (await scene.docker.listContainers({ all: true, filters })).length === 0,
      );
    },
  );
});
