import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldIssues, type FieldIssue } from '../../contracts/issues.ts';
import { launchSpec, nameOf } from '../../contracts/launch-spec.ts';
import { queueSpec } from '../../contracts/queue-spec.ts';

const smallest = { queue: 'gpu', source: { code: { dir: '.' } }, entrypoint: ['python', 'train.py'] };

/** What is wrong with a spec, as `path: value: rule`. JSON first, as it comes out of a file or a history. */
function wrongWith(spec: unknown, schema: typeof launchSpec | typeof queueSpec = launchSpec): FieldIssue[] {
  const parsed = schema.safeParse(spec);
  return parsed.success ? [] : fieldIssues(parsed.error, spec);
}

const wrongFields = (spec: unknown): string[] => wrongWith(spec).map(({ path }) => path);

describe('a launch spec', () => {
  test('that says only what must be said gets the defaults', () => {
    expect(launchSpec.parse(smallest)).toEqual({
      ...smallest,
      project: 'uncategorized',
      args: [],
      runConfig: {},
      env: {},
      priority: 'medium',
      requeue: {},
      retries: 0,
      timeouts: {},
      tags: [],
      builder: {},
      variables: {},
      resources: {},
      resourceArgs: {},
    });
  });

  test('that is wrong in many places names all of them at once, each with its value and its rule', () => {
    const spec = {
      name: 'a\u001b[31m',
      queue: '-gpu',
      source: { image: 'two words' },
      entrypoint: [''],
      env: { A: 1, 'B C': 'x', RELAUNCH_ATTEMPT: '9' },
      priority: 'urgent',
      requeue: { max: 9, on: ['rain'] },
      retries: -1,
      gracePeriod: 'soon',
      timeouts: { run: '5', walk: '5s' },
      tags: [''],
      gpus: 8,
    };
    expect(wrongWith(spec)).toEqual([
      { path: 'name', value: '"a\\u001b[31m"', rule: 'no control characters' },
      { path: 'queue', value: '"-gpu"', rule: expect.stringContaining('at most 63 characters') as string },
      { path: 'source.image', value: '"two words"', rule: expect.stringContaining('a name such as') as string },
      { path: 'entrypoint', value: '[""]', rule: 'begins with the name of a program' },
      { path: 'env.A', value: '1', rule: expect.stringContaining('expected string') as string },
      { path: 'env.B C', value: '"x"', rule: expect.stringContaining('letters, digits and "_"') as string },
      { path: 'env.RELAUNCH_ATTEMPT', value: '"9"', rule: 'names beginning with RELAUNCH_ are set by the launcher' },
      { path: 'priority', value: '"urgent"', rule: expect.stringContaining('"critical"') as string },
      { path: 'requeue.max', value: '9', rule: expect.stringContaining('at most five times') as string },
      {
        path: 'requeue.on.0',
        value: '"rain"',
        rule: expect.stringContaining('one of EvictionByEvictionAPI') as string,
      },
      { path: 'retries', value: '-1', rule: '0 to 100' },
      { path: 'gracePeriod', value: '"soon"', rule: expect.stringContaining('such as 90s') as string },
      { path: 'timeouts.run', value: '"5"', rule: expect.stringContaining('such as 90s') as string },
      { path: 'timeouts.walk', value: '"5s"', rule: 'not a known field' },
      { path: 'tags.0', value: '""', rule: 'not empty' },
      { path: 'gpus', value: '8', rule: 'not a known field' },
    ]);
  });

  test.each<[string, object, string]>([
    ['a queue that is a path', { queue: '../../etc' }, 'queue'],
    ['a queue with a line break', { queue: 'gpu\n' }, 'queue'],
    ['a program that is a flag', { entrypoint: ['--privileged'] }, 'entrypoint'],
    ['no program', { entrypoint: [''] }, 'entrypoint'],
    ['a command that is one text', { entrypoint: 'python train.py' }, 'entrypoint'],
    ['no source', { source: {} }, 'source'],
    ['two sources', { source: { code: { dir: '.' }, image: 'x' } }, 'source'],
    ['an image that is a flag', { source: { image: '--privileged' } }, 'source.image'],
    ['an image with a line break', { source: { image: 'a\nb' } }, 'source.image'],
    ['a NUL in the command', { entrypoint: ['python', 'a\0b'] }, 'entrypoint.1'],
    ['a NUL in an argument', { args: ['\0'] }, 'args.0'],
    ['a NUL in the environment', { env: { A: '\0' } }, 'env.A'],
    ['an equals sign in a name of the environment', { env: { 'A=B': '' } }, 'env.A=B'],
    ['a forged attempt', { env: { RELAUNCH_ATTEMPT: '1' } }, 'env.RELAUNCH_ATTEMPT'],
    ['a forged checkpoint directory', { env: { RELAUNCH_CHECKPOINT_DIR: '/' } }, 'env.RELAUNCH_CHECKPOINT_DIR'],
    ['a digest that is a path', { source: { code: { digest: '../secrets' } } }, 'source.code.digest'],
    ['a digest in capitals', { source: { code: { digest: 'A'.repeat(64) } } }, 'source.code.digest'],
    ['an escape sequence in the name', { name: '\u009b31m' }, 'name'],
    ['a line break in a tag', { tags: ['a\nb'] }, 'tags.0'],
    ['a name longer than a page', { name: 'a'.repeat(129) }, 'name'],
    ['too many tags', { tags: Array.from({ length: 33 }, () => 'a') }, 'tags'],
    ['more retries than any', { retries: 101 }, 'retries'],
    ['half a retry', { retries: 0.5 }, 'retries'],
    ['an endless grace period', { gracePeriod: '999999d' }, 'gracePeriod'],
  ])('with %s is refused', (_, change, path) => {
    expect(wrongFields({ ...smallest, ...change })).toEqual([path]);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('with the field %s is refused', (field) => {
    const spec: unknown = JSON.parse(`{"${field}": {"queue": "mine"}, ${JSON.stringify(smallest).slice(1)}`);
    expect(wrongWith(spec)).toEqual([{ path: field, value: '{"queue":"mine"}', rule: 'not a known field' }]);
  });

  test('with __proto__ inside its maps changes nothing but itself', () => {
    const spec: unknown = JSON.parse(
      `{"runConfig": {"__proto__": {"lr": 1}, "a": {"__proto__": {"lr": 1}}}, "env": {"__proto__": "x"}, ${JSON.stringify(smallest).slice(1)}`,
    );
    const { runConfig, env } = launchSpec.parse(spec);
    expect(runConfig['lr']).toBeUndefined();
    expect((runConfig['a'] as Record<string, unknown>)['lr']).toBeUndefined();
    expect(Object.keys(env)).toEqual([]);
    expect(({} as Record<string, unknown>)['lr']).toBeUndefined();
  });

  test.each([undefined, null, 7, 'launch', [], true])('that is %j is refused', (spec) => {
    expect(wrongFields(spec)).toEqual(['']);
  });

  test('of any shape is taken or refused, never a crash, and what is taken is taken again', () => {
    const json = fc.json().map((text) => JSON.parse(text) as unknown);
    const nearly = fc
      .dictionary(fc.constantFrom(...Object.keys(launchSpec.shape), '__proto__'), json)
      .map((some) => ({ ...smallest, ...some }));
    fc.assert(
      fc.property(fc.oneof(json, nearly), (spec) => {
        const parsed = launchSpec.safeParse(spec);
        if (parsed.success) expect(Object.keys(parsed.data).every((key) => key in launchSpec.shape)).toBe(true);
        else expect(wrongWith(spec).length).toBeGreaterThan(0);
      }),
    );
  });
});

test.each([
  [{ name: 'mine', entrypoint: ['python'] }, 'mine'],
  [{ entrypoint: ['/usr/bin/python3', 'train.py'] }, 'train'],
  [{ entrypoint: ['./bin/train.sh'] }, 'train'],
  [{ entrypoint: ['bin/'] }, 'run'],
  [{ entrypoint: ['\u001b[31mred'] }, '[31mred'],
  [{ entrypoint: [], source: { image: 'registry.example:5000/team/train:v3@sha256:0' } }, 'train'],
  [{ entrypoint: ['sleep'], source: { image: 'busybox' } }, 'sleep'],
])('the name of %j is %s', (spec, name) => {
  expect(nameOf({ source: { code: { dir: '.' } }, ...spec })).toBe(name);
});

describe('a queue', () => {
  test("may use W&B's words for backends", () => {
    const queue = queueSpec.parse({ backend: 'local-process', resourceArgs: { 'local-process': { a: 1 } } });
    expect(queue).toMatchObject({ backend: 'process', resourceArgs: { process: { a: 1 } } });
  });

  test('requeues five times, on what the cluster announces, with a minute of grace, unless it says otherwise', () => {
    expect(queueSpec.parse({ backend: 'process' })).toMatchObject({
      requeue: { max: 5, on: ['EvictionByEvictionAPI', 'PreemptionByScheduler', 'TerminationByKubelet'] },
      gracePeriod: 60_000,
      timeouts: {},
    });
    expect(queueSpec.parse({ backend: 'process', requeue: { max: 1 } }).requeue.on).toHaveLength(3);
  });

  test.each(['constructor', 'toString', '__proto__'])(
    'keeps a backend named %s as it is, to be refused later',
    (backend) => {
      expect(queueSpec.parse({ backend }).backend).toBe(backend);
    },
  );

  test('has the images of W&B’s arguments for its builder, and leaves the backend the rest', () => {
    const accelerator = { base_image: 'tensorflow/tensorflow:latest-gpu' };
    const docker = { gpus: 'all', builder: { accelerator, base_image: 'torch:2' } };
    expect(queueSpec.parse({ backend: 'local-container', resourceArgs: { 'local-container': docker } })).toMatchObject({
      builder: { acceleratorImage: 'tensorflow/tensorflow:latest-gpu', baseImage: 'torch:2' },
      resourceArgs: { docker: { gpus: 'all' } },
    });
  });

  test('names what is wrong with W&B’s builder where it stands', () => {
    const docker = { builder: { cuda: { base_image: 'not an image' } } };
    expect(wrongWith({ backend: 'docker', resourceArgs: { docker } }, queueSpec)).toMatchObject([
      { path: 'resourceArgs.docker.builder.cuda.base_image' },
    ]);
  });

  test('names every field it does not know', () => {
    expect(
      wrongWith({ backend: 'process', requeues: 3, requeue: { most: 3 } }, queueSpec).map(({ path }) => path),
    ).toEqual(['requeue.most', 'requeues']);
  });
});
