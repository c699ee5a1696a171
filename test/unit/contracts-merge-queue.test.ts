import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { dockerSubmitters } from '../../activities/backends/docker/submitter-args.ts';
import { kubernetesSubmitters } from '../../activities/backends/kubernetes/submitter-args.ts';
import { noSubmitterArgs } from '../../activities/backends/no-submitter-args.ts';
import { fieldIssues, formatIssues } from '../../contracts/issues.ts';
import { launchSpec, type LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { mergeQueue, saidIn, type Asked } from '../../contracts/merge-queue.ts';
import { notesOnDefaults } from '../../contracts/queue-defaults.ts';
import { queueSpec, type QueueSpecInput } from '../../contracts/queue-spec.ts';

const rules = { docker: dockerSubmitters, kubernetes: kubernetesSubmitters, process: noSubmitterArgs('process') };

/** A launch on a queue `q` as an agent merges it. */
function merged(input: Partial<LaunchSpecInput>, queue: QueueSpecInput, more: Partial<Asked> = {}) {
  const given = { queue: 'q', source: { image: 'train:v1' }, ...input };
  const spec = queueSpec.parse(queue);
  const asked = { spec: launchSpec.parse(given), said: saidIn(given), ...more };
  return mergeQueue(asked, spec, rules[spec.backend as keyof typeof rules]);
}

const refusal = (...args: Parameters<typeof merged>): string => formatIssues(merged(...args).issues);
const args = (...of: Parameters<typeof merged>): unknown => {
  const { issues, resourceArgs } = merged(...of);
  return issues.length > 0 ? formatIssues(issues) : resourceArgs;
};

/** A value of every field, and of every key of those that are maps with known keys. */
const samples: { [K in Exclude<keyof LaunchSpecInput, 'queue' | 'source'>]-?: LaunchSpecInput[K] } & {
  source: Record<keyof LaunchSpecInput['source'], unknown>;
} = {
  name: 'mine',
  project: 'mine',
  user: 'eve',
  source: { image: 'train:v2', code: { digest: 'a'.repeat(64) }, git: { url: 'https://git.example/a' }, job: 'a' },
  dockerfile: 'Dockerfile',
  baseImage: 'base',
  buildContext: 'a',
  workingDir: 'a',
  builder: { runtime: '3.12', acceleratorImage: 'a', baseImage: 'a' },
  entrypoint: ['bash'],
  args: ['--lr=1'],
  runConfig: { lr: 1 },
  configAsArgs: 'args',
  files: { 'a.json': { a: 1 } },
  artifacts: { data: 'a' },
  env: { LD_PRELOAD: 'x' },
  variables: { gpus: 1 },
  resources: { cpu: 1, memory: '1Gi', gpu: 1 },
  resourceArgs: { docker: { 'shm-size': '1g' } },
  priority: 'critical',
  requeue: { max: 1, on: [] },
  retries: 1,
  gracePeriod: '1s',
  timeouts: { queue: '1s', start: '1s', run: '1s' },
  tags: ['a'],
  sweep: 'a',
};

/** Not settings of a job: the queue it is for, who submits it, whose trial it is; variables have bounds of their own, and what is packed has none. */
const identity = ['queue', 'user', 'sweep', 'variables'];

function keysOf(schema: z.ZodType): string[] {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) inner = inner.unwrap() as z.ZodType;
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

const settings = Object.entries(launchSpec.shape).filter(([field]) => !identity.includes(field));
const everySetting: [field: string, key?: string][] = settings.flatMap(
  ([field, schema]): [field: string, key?: string][] => {
    const keys = keysOf(schema);
    return keys.length === 0 ? [[field]] : keys.map((key): [string, string] => [field, key]);
  },
);

describe("the FAQ's case: the image tag may be changed, and no other setting", () => {
  const queue: QueueSpecInput = {
    backend: 'docker',
    overrides: 'closed',
    allow: { '/source/image': { pattern: 'registry\\.example/team/train:v\\d+' } },
    defaults: { entrypoint: ['python', 'train.py'], priority: 'low' },
  };
  const image = (name: string) => ({ source: { image: name } });

  test('a tag within the pattern is taken, with all else as the queue has it', () => {
    const { spec, issues } = merged({ ...image('registry.example/team/train:v7'), user: 'ada' }, queue);
    expect(issues).toEqual([]);
    expect(spec).toMatchObject({ entrypoint: ['python', 'train.py'], priority: 'low', user: 'ada' });
  });

  test.each([
    'registry.example/team/train:latest',
    'registry.example/team/other:v1',
    'registry.example/team/train:v1@sha256:' + 'a'.repeat(64),
    'evil/registry.example/team/train:v1',
  ])('%s is refused', (name) => {
    expect(refusal(image(name), queue)).toMatch(
      /^queue "q": source\.image is ".*, allowed are what matches registry\\.example\/team\/train:v\\d\+ \(queues\/q\.yaml\)\. Choose another value or ask the queue's owner\.$/,
    );
  });

  test.each(everySetting.filter((path) => path.join('.') !== 'source.image'))(
    'so %s %s is refused by its name',
    (field, key) => {
      const sample: unknown = samples[field as keyof typeof samples];
      const value = key === undefined ? sample : { [key]: (sample as Record<string, unknown>)[key] };
      expect(value, `a sample of ${field}`).toBeDefined();
      if (key !== undefined) expect(Object.values(value as object)[0], `a sample of ${field}.${key}`).toBeDefined();
      // What is empty says nothing.
      if (field === 'requeue' && key === 'on') return;
      const input = { ...image('registry.example/team/train:v7'), [field]: value } as Partial<LaunchSpecInput>;
      expect(refusal(input, queue)).toContain(`queue "q": ${field === 'source' ? `source.${key ?? ''}` : field} is `);
      expect(refusal(input, queue)).toMatch(
        /, but runs of it may not set that \(queues\/q\.yaml\)\. Leave it out or ask the queue's owner\.$/m,
      );
    },
  );

  test('what a job says is a submitter’s too', () => {
    const input = { ...image('registry.example/team/train:v7'), entrypoint: ['bash'] };
    const job = { name: 'vision/evil:v1' };
    expect(refusal(input, queue, { job })).toContain('source.job is "vision/evil:v1", but runs of it may not set that');
    expect(refusal(input, queue, { job })).toContain('entrypoint is ["bash"], but');
  });
});

describe('an open queue', () => {
  const docker = (more: object = {}): QueueSpecInput => ({
    backend: 'docker',
    resourceArgs: { docker: { memory: '16g', volume: '/data:/data', env: { A: '1', B: '1' } } },
    ...more,
  });

  test('takes of a submitter what its backend lets submitters set, in any spelling', () => {
    const input = { resourceArgs: { 'local-container': { m: '32g', shm_size: '8g', e: ['B=2', 'C=3'] } } };
    expect(args(input, docker())).toEqual({
      memory: '32g',
      volume: '/data:/data',
      'shm-size': '8g',
      env: { A: '1', B: '2', C: '3' },
    });
  });

  test.each([
    [
      { docker: { privileged: true } },
      'resourceArgs.docker.privileged is true: only the admin of the queue may set it',
    ],
    [{ docker: { v: '/:/host' } }, 'resourceArgs.docker.v is "/:/host": only the admin of the queue may set it'],
    [{ docker: { name: 'x' } }, 'resourceArgs.docker.name is "x": containers are named after their runs'],
    [{ dokcer: { memory: '1g' } }, 'resourceArgs.dokcer is {"memory":"1g"}: queue "q" is for backend "docker"'],
  ])('%j is refused', (resourceArgs, sentence) => {
    expect(refusal({ resourceArgs }, docker())).toBe(sentence);
  });

  test('a bound holds for every spelling, and what is no limit is over every limit', () => {
    const queue = docker({
      allow: { '/resourceArgs/docker/memory': { maximum: '64g' }, '/resourceArgs/docker/gpus': { maximum: 2 } },
    });
    const memory = (given: object) => refusal({ resourceArgs: { docker: given } } as never, queue);
    expect(memory({ m: '64g' })).toBe('');
    expect(memory({ '--memory': '65g' })).toContain('resourceArgs.docker.memory is "65g", allowed are at most 64g');
    expect(memory({ Memory: 0 })).toContain('resourceArgs.docker.memory is 0, allowed are at most 64g');
    expect(memory({ gpus: 2 })).toBe('');
    for (const gpus of ['all', -1, 'device=0,1,2']) expect(memory({ gpus })).toContain('resourceArgs.docker.gpus is ');
  });

  test('what is narrowed in one word is not open in another', () => {
    const queue = docker({ allow: { '/resources/memory': { maximum: '8Gi' }, '/env': 'closed' } });
    expect(refusal({ resources: { memory: '8Gi' } }, queue)).toBe('');
    expect(refusal({ resources: { memory: '9Gi' } }, queue)).toContain(
      'resources.memory is 9663676416, allowed are at most 8Gi',
    );
    expect(refusal({ resourceArgs: { docker: { memory: '9g', 'shm-size': '1g', e: 'A=1' } } }, queue)).toBe(
      [
        `queue "q": resourceArgs.docker.memory is "9g", but runs of it may not set that (queues/q.yaml). Leave it out or ask the queue's owner.`,
        `queue "q": resourceArgs.docker.env is "A=1", but runs of it may not set that (queues/q.yaml). Leave it out or ask the queue's owner.`,
      ].join('\n'),
    );
  });

  test('a share of the machine becomes flags of docker run', () => {
    expect(args({ resources: { cpu: '500m', memory: '2Gi', gpu: 2 } }, docker())).toMatchObject({
      cpus: 0.5,
      memory: 2_147_483_648,
      gpus: 2,
    });
  });

  test('a process has no share of the machine, and no arguments of a submitter', () => {
    expect(refusal({ resources: { gpu: 1 } }, { backend: 'process' })).toBe(
      'resources.gpu is 1: backend "process" gives its runs no share of the machine: leave it out',
    );
    expect(refusal({ resourceArgs: { process: { env: {} } } }, { backend: 'process' })).toContain(
      'only the admin of the queue may set it',
    );
  });
});

describe('a pod', () => {
  const queue = (more: Partial<QueueSpecInput> = {}): QueueSpecInput => ({
    backend: 'kubernetes',
    resourceArgs: {
      kubernetes: {
        spec: {
          template: {
            spec: {
              nodeSelector: { pool: 'shared' },
              tolerations: [{ key: 'gpu', operator: 'Exists' }],
              containers: [{ name: 'sidecar' }, { name: 'main', resources: { limits: { memory: '1Gi' } } }],
            },
          },
        },
      },
    },
    ...more,
  });
  const overlay = (kubernetes: object) => ({ resourceArgs: { kubernetes } }) as never;
  const podIn = (made: unknown) => (made as { spec: { template: { spec: unknown } } }).spec.template.spec;

  test('gets its share, as requests and limits of the main container alone', () => {
    expect(podIn(args({ resources: { cpu: 2, memory: '4Gi', gpu: 1 } }, queue()))).toMatchObject({
      containers: [
        { name: 'sidecar' },
        {
          name: 'main',
          resources: {
            requests: { cpu: '2000m', memory: '4294967296', 'nvidia.com/gpu': '1' },
            limits: { cpu: '2000m', memory: '4294967296', 'nvidia.com/gpu': '1' },
          },
        },
      ],
    });
  });

  test('goes among the nodes of its queue where its submitter wants', () => {
    const wish = {
      nodeSelector: { zone: 'a' },
      tolerations: [{ key: 'spot', operator: 'Exists' }],
      resources: { limits: { 'amd.com/gpu': 2 } },
    };
    expect(podIn(args(overlay(wish), queue()))).toMatchObject({
      nodeSelector: { pool: 'shared', zone: 'a' },
      tolerations: [{ key: 'gpu' }, { key: 'spot' }],
      containers: [{}, { resources: { limits: { memory: '1Gi', 'amd.com/gpu': 2 } } }],
    });
    expect(refusal(overlay({ nodeSelector: { pool: 'best' } }), queue())).toContain('the queue says "shared"');
  });

  test.each<[string, object]>([
    ['serviceAccountName', { serviceAccountName: 'admin' }],
    ['hostNetwork', { hostNetwork: true }],
    ['volumes', { volumes: [{ hostPath: { path: '/' } }] }],
    ['spec', { spec: { template: { spec: { hostPID: true } } } }],
    ['namespace', { namespace: 'kube-system' }],
    ['context', { context: 'other' }],
    ['nodeName', { nodeName: 'a' }],
  ])('%s is only the admin’s', (field, wish) => {
    expect(refusal(overlay(wish), queue())).toContain(`resourceArgs.kubernetes.${field} is `);
    expect(refusal(overlay(wish), queue())).toContain('only the admin of the queue may set it');
    expect(refusal(overlay(wish), queue({ allow: { [`/resourceArgs/kubernetes/${field}`]: 'open' } }))).toContain(
      'only the admin',
    );
  });

  test.each<[string, object]>([
    ['labels', { labels: { team: 'a' } }],
    ['annotations', { annotations: { team: 'a' } }],
    ['priorityClassName', { priorityClassName: 'high' }],
  ])('%s only where the queue names them', (field, wish) => {
    expect(refusal(overlay(wish), queue())).toContain(`queue "q": resourceArgs.kubernetes.${field} is `);
    expect(refusal(overlay(wish), queue({ allow: { '/resourceArgs': 'open' } }))).toContain('may not set that');
    const open = queue({
      overrides: 'closed',
      allow: { '/source': 'open', [`/resourceArgs/kubernetes/${field}`]: 'open' },
    });
    expect(refusal(overlay(wish), open)).toBe('');
    for (const domain of ['relaunch.dev', 'batch.kubernetes.io', 'kueue.x-k8s.io']) {
      if (field === 'priorityClassName') continue;
      expect(refusal(overlay({ [field]: { [`${domain}/x`]: 'a' } }), open)).toContain('are not a submitter’s');
    }
  });

  test('that would stay on lost nodes is refused', () => {
    for (const toleration of [{ operator: 'Exists' }, { key: 'node.kubernetes.io/unreachable', operator: 'Exists' }])
      expect(refusal(overlay({ tolerations: [toleration] }), queue())).toContain(
        'resourceArgs.kubernetes.tolerations.0.key',
      );
  });
});

describe('the map of what is allowed', () => {
  const wrong = (allow: object): string => {
    const queue = { backend: 'docker', allow };
    const parsed = queueSpec.safeParse(queue);
    return parsed.success ? '' : formatIssues(fieldIssues(parsed.error, queue));
  };

  test.each<[object, string]>([
    [{ '/sauce': 'open' }, 'allow./sauce is "open": not a field of a launch: those are name, '],
    [{ '/source/imgae': 'open' }, 'allow./source/imgae is "open": source has code, git, image, job'],
    [{ '/priority/x': 'open' }, 'priority has no parts'],
    [{ '/env': { pattern: 'x' } }, 'open or closed: bounds are of one of its values, such as /env/name'],
    [{ '/timeouts/run': { maximum: 60 } }, 'what the queue says under timeouts'],
    [{ '/queue': 'open' }, 'no submitter'],
    [{ '/variables/gpus': { maximum: 8 } }, 'said where they are declared'],
    [{ 'source/image': 'open' }, 'a JSON pointer such as /source/image'],
    [{ '/source/image': {} }, 'open, closed, or bounds'],
    [{ '/source/image': 'ajar' }, 'open, closed, or bounds'],
    [{ '/source/image': { pattern: '(?=x)' } }, 'unsupported Perl syntax: `(?=`'],
  ])('%j is refused', (allow, message) => {
    expect(wrong(allow)).toContain(message);
  });

  test('a deeper pointer holds over a shallower', () => {
    const queue: QueueSpecInput = {
      backend: 'docker',
      overrides: 'closed',
      allow: {
        '/source': 'open',
        '/env': 'open',
        '/env/HF_HOME': 'closed',
        '/runConfig/lr': { minimum: 0, maximum: 1 },
        '/runConfig/a~1b': 'open',
        '/args': { pattern: '--[a-z]+=\\d+' },
      },
    };
    expect(refusal({ env: { A: '1' }, runConfig: { lr: 0.5, 'a/b': { c: 1 } }, args: ['--x=1', '--y=2'] }, queue)).toBe(
      '',
    );
    expect(refusal({ env: { A: '1', HF_HOME: '/' } }, queue)).toContain(
      'env.HF_HOME is "/", but runs of it may not set that',
    );
    expect(refusal({ runConfig: { lr: 2 } }, queue)).toContain(
      'runConfig.lr is 2, allowed are 0 to 1 (queues/q.yaml). Choose a smaller value',
    );
    for (const lr of ['0.5x', { x: 0.5 }, [[0.5]], null])
      expect(refusal({ runConfig: { lr } }, queue)).toContain('runConfig.lr is ');
    expect(refusal({ runConfig: { other: 1 } }, queue)).toContain('runConfig.other is 1, but runs');
    expect(refusal({ args: ['--x=1', 'sh'] }, queue)).toContain('args is ["--x=1","sh"], allowed are what matches');
  });
});

describe('defaults', () => {
  const queue: QueueSpecInput = {
    backend: 'docker',
    defaults: {
      project: 'vision',
      priority: 'high',
      retries: 2,
      entrypoint: ['a'],
      args: ['b'],
      runConfig: { m: { x: 1, y: 1 } },
      env: { A: '1' },
      tags: ['t'],
      resources: { gpu: 1 },
      workingDir: 'w',
    },
  };

  test('hold where the launch says nothing', () => {
    expect(merged({ runConfig: { m: { y: 2 } }, env: { B: '2' } }, queue)).toMatchObject({
      issues: [],
      spec: {
        project: 'vision',
        priority: 'high',
        retries: 2,
        entrypoint: ['a'],
        args: ['b'],
        runConfig: { m: { x: 1, y: 2 } },
        env: { A: '1', B: '2' },
        tags: ['t'],
        resources: { gpu: 1 },
      },
      resourceArgs: { gpus: 1 },
      limits: { retries: 2 },
    });
  });

  test('give way to what it says, also where that is what it would be without', () => {
    const own = {
      project: 'uncategorized',
      priority: 'medium',
      retries: 0,
      entrypoint: ['x'],
      args: ['y'],
      tags: ['z'],
    } as const;
    expect(merged({ ...own, args: [...own.args], entrypoint: ['x'], tags: ['z'] }, queue).spec).toMatchObject(own);
  });

  test('are named where they hold, and only there (T11)', () => {
    const input = {
      queue: 'q',
      source: { image: 'train:v1' },
      priority: 'high',
      args: ['own'],
      env: { A: '1' },
    } as const;
    const asked = launchSpec.parse({ ...input, runConfig: { m: { y: 2 }, z: 1 } });
    const given = { ...queue, defaults: { ...queue.defaults, env: { A: '2', HF_TOKEN: 'x' } } };
    const { spec } = mergeQueue({ spec: asked, said: saidIn(input) }, queueSpec.parse(given), rules.docker);
    expect(notesOnDefaults(asked, spec)).toEqual([
      'by the defaults of queue "q": project is "vision", entrypoint is ["a"], runConfig.m is {"x":1,"y":2}, env.HF_TOKEN is ****, resources.gpu is 1, retries is 2, tags is ["t"]',
    ]);
    expect(notesOnDefaults(spec, spec)).toEqual([]);
  });

  test('code gets their command; without one, it needs its own', () => {
    const code = { source: { code: { digest: 'a'.repeat(64) } } };
    expect(merged(code, queue).spec).toMatchObject({ entrypoint: ['a'], workingDir: 'w' });
    expect(refusal(code, { backend: 'docker' })).toBe(
      'entrypoint is []: a command and its arguments, such as ["python", "train.py"]',
    );
    expect(refusal({ ...code, dockerfile: 'D' }, { backend: 'docker' })).toBe('');
  });
});
