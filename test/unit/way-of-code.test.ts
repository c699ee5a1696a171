import { describe, expect, test } from 'vitest';
import { wayOfCode } from '../../activities/way-of-code.ts';
import type { Mounting } from '../../contracts/image-spec.ts';
import type { FieldIssue } from '../../contracts/issues.ts';
import { launchSpec, type LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { queueSpec } from '../../contracts/queue-spec.ts';

const code = { code: { digest: 'a'.repeat(64) } };
const containers = { name: 'docker', sources: ['image'] as const, whyUnmounted: () => undefined };
const pods = { name: 'kubernetes', sources: ['image'] as const, whyUnmounted: () => 'there is no volume' };
const processes = { name: 'process', sources: ['code'] as const, whyUnmounted: () => 'there are no images' };

/** How code gets into a container, and what is wrong with it. `mounting`: of an agent that builds nothing. */
function asked(
  more: Partial<LaunchSpecInput>,
  backend: Parameters<typeof wayOfCode>[1]['backend'],
  queue: object = {},
  mounting?: Mounting,
) {
  const issues: FieldIssue[] = [];
  const spec = launchSpec.parse({ queue: 'q', source: code, entrypoint: ['python', 'train.py'], ...more });
  const place = { backend, queue: queueSpec.parse({ backend: backend.name, ...queue }), mounting };
  const way = wayOfCode(spec, place, issues);
  return { ...way, issues: issues.map(({ path, value, rule }) => `${path} is ${String(value)}: ${rule}`) };
}

const none: Mounting = { indexUrl: 'https://i.example/simple' };

test('code on a queue of containers becomes an image', () => {
  expect(asked({}, containers)).toEqual({ build: { builder: {} }, issues: [] });
  expect(asked({ dockerfile: './Dockerfile', buildContext: 'jobs', workingDir: 'a' }, containers).build).toEqual({
    ...{ dockerfile: './Dockerfile', buildContext: 'jobs', workingDir: 'a' },
    builder: {},
  });
});

test('the queue has a base for accelerators, unless the launch names another', () => {
  const queue = { builder: { acceleratorImage: 'cuda:12' } };
  expect(asked({}, containers, queue).build?.builder).toEqual({ acceleratorImage: 'cuda:12' });
  const builder = { acceleratorImage: 'cuda:13', runtime: '3.11.4' };
  expect(asked({ builder }, containers, queue).build?.builder).toEqual({
    acceleratorImage: 'cuda:13',
    runtime: '3.11',
  });
});

describe('code is mounted', () => {
  test('on the base image that a launch names, with nothing of what the agent has for others', () => {
    expect(asked({ baseImage: 'torch:2', workingDir: 'a' }, containers, {}, none)).toEqual({
      mounted: { spec: { baseImage: 'torch:2', workingDir: 'a', builder: {} }, by: {} },
      issues: [],
    });
  });

  test('where the agent builds nothing, on what the launch, the queue or the agent says', () => {
    const docker = { builder: { base_image: 'queue:1' } };
    const queue = { resourceArgs: { docker } };
    expect(asked({}, containers, {}, none)).toEqual({ mounted: { spec: { builder: {} }, by: none }, issues: [] });
    expect(asked({}, containers, queue, none).mounted?.spec.builder).toEqual({ baseImage: 'queue:1' });
    expect(asked({ builder: { baseImage: 'run:1' } }, containers, queue, none).mounted?.spec.builder).toEqual({
      baseImage: 'run:1',
    });
  });

  test('not where the agent leaves images to others, whatever the queue says of those that build nothing', () => {
    const queue = { builder: { baseImage: 'queue:1' } };
    expect(asked({}, containers, queue)).toMatchObject({ build: {}, issues: [] });
    expect(asked({}, containers, queue).mounted).toBeUndefined();
  });
});

const unbuilt = 'the agents of this queue build no images (builder.type is none)';
const fix = 'give them `builder: {type: docker}`, or launch with a baseImage (-B)';

test.each<[string, Parameters<typeof asked>, string]>([
  [
    'a Dockerfile without a builder',
    [{ dockerfile: 'Dockerfile' }, containers, {}, none],
    `dockerfile is "Dockerfile": ${unbuilt}; ${fix} or a finished image (-d IMAGE)`,
  ],
  [
    'an accelerator’s base without a builder',
    [{ builder: { acceleratorImage: 'cuda:13' } }, containers, {}, none],
    `builder.acceleratorImage is "cuda:13": ${unbuilt}; ${fix}`,
  ],
  [
    'the queue’s, too',
    [{}, containers, { builder: { acceleratorImage: 'cuda:12' } }, none],
    `builder.acceleratorImage is "cuda:12": ${unbuilt}; ${fix}`,
  ],
  [
    'a base image where nothing can be mounted',
    [{ baseImage: 'torch:2' }, pods],
    'baseImage is "torch:2": no code can be mounted on it: there is no volume; leave it out, and an image is built; or launch one that is there (-d IMAGE)',
  ],
  [
    'code without a builder there',
    [{}, pods, {}, none],
    `source.code is {"digest":"${'a'.repeat(64)}"}: ${unbuilt}, and no code can be mounted on one: there is no volume; give them \`builder: {type: docker}\`, or launch a finished image (-d IMAGE)`,
  ],
])('%s is refused in one sentence', (_, launch, sentence) => {
  expect(asked(...launch).issues).toEqual([sentence]);
});

test('a launch has a Dockerfile or a base image', () => {
  const parsed = launchSpec.safeParse({ queue: 'q', source: code, dockerfile: 'Dockerfile', baseImage: 'torch:2' });
  expect(parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([
    'baseImage: not with a dockerfile: by that an image is built, and on a base image nothing is',
  ]);
});

test('code on a queue of processes, and an image, become none', () => {
  expect(asked({}, processes, {}, none)).toEqual({ issues: [] });
  expect(asked({ source: { image: 'train:1' } }, containers, {}, none)).toEqual({ issues: [] });
});

describe('what would do nothing is refused', () => {
  test('where code runs as it is', () => {
    expect(asked({ dockerfile: 'Dockerfile', builder: { runtime: '3.11' } }, processes).issues).toEqual([
      'dockerfile is "Dockerfile": not allowed: backend "process" runs code as it is',
      'builder is {"runtime":"3.11"}: not allowed: backend "process" runs code as it is',
    ]);
    expect(asked({ baseImage: 'torch:2' }, processes).issues).toEqual([
      'baseImage is "torch:2": not allowed: backend "process" runs code as it is',
    ]);
  });

  test('where there is an image already', () => {
    expect(asked({ source: { image: 'train:1' }, buildContext: 'jobs' }, containers).issues).toEqual([
      'buildContext is "jobs": not allowed: the source is an image already',
    ]);
  });

  test('where images are built', () => {
    expect(asked({ builder: { baseImage: 'torch:2' } }, containers).issues).toEqual([
      'builder.baseImage is "torch:2": for agents whose builder has type none; another base image is baseImage (-B)',
    ]);
  });
});

test.each([['/etc/passwd'], ['../Dockerfile'], ['a/../../b'], ['Dockerfile\nFROM evil'], ['']])(
  'a Dockerfile at %j is refused before anything is read',
  (dockerfile) => {
    const parsed = launchSpec.safeParse({ queue: 'q', source: code, dockerfile });
    expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toEqual(['dockerfile']);
  },
);
