import { expect, test } from 'vitest';
import { agentSpec } from '../../contracts/agent-spec.ts';
import { fieldIssues, formatIssues, type FieldIssue } from '../../contracts/issues.ts';

function wrongWith(spec: unknown): FieldIssue[] {
  const parsed = agentSpec.safeParse(spec);
  return parsed.success ? [] : fieldIssues(parsed.error, spec);
}

test('an agent’s file may say nothing', () => {
  expect(agentSpec.parse({})).toEqual({});
});

test('an agent’s file may say all that there is, and it comes out as it is', () => {
  const spec = {
    name: 'rack-3.example',
    queues: ['gpu', 'cpu'],
    maxJobs: 99_999,
    kubernetes: {
      kubeconfig: '~/.kube/config',
      context: 'prod',
      namespaces: ['ml', 'ml-2'],
      code: { 'ml/code': '/code' },
    },
  };
  expect(agentSpec.parse(spec)).toEqual(spec);
});

test.each([
  [{ destination: 'registry.example/runs' }, { type: 'docker', maxBuilds: 2, buildArgs: {}, cacheFrom: [] }],
  [{ type: 'docker', destination: 'registry.example/runs' }, { type: 'docker' }],
  [{ type: 'none' }, { type: 'none', extraIndexUrls: [] }],
  [
    { type: 'none', baseImage: 'torch:2', indexUrl: 'https://i.example/a@b' },
    { baseImage: 'torch:2', indexUrl: 'https://i.example/a@b' },
  ],
])('a builder %j makes images unless it says otherwise', (builder, expected) => {
  expect(agentSpec.parse({ builder }).builder).toMatchObject(expected);
});

test.each<[object, string[]]>([
  [{ type: 'kaniko' }, ['builder.type is "kaniko": docker or none']],
  [
    { type: 'none', destination: 'registry.example/runs', maxBuilds: 2 },
    ['destination is "registry.example/runs"', 'maxBuilds is 2'].map(
      (field) => `builder.${field}: not with type: none, which makes no images`,
    ),
  ],
  [
    { destination: 'registry.example/runs', baseImage: 'torch:2' },
    ['builder.baseImage is "torch:2": only with type: none; what is generated is based on pythonImage'],
  ],
  ...[
    { indexUrl: 'https://u:secret@i.example' },
    { extraIndexUrls: ['https://secret@i.example'] },
    { indexUrl: 'https://i.example/simple?of=https://u:secret@j.example' },
  ].map((index): [object, string[]] => [
    { type: 'none', ...index },
    [
      'builder.type is "none": not with credentials in indexUrl or extraIndexUrls: jobs would see them; name that index in requirements.txt, or use type docker',
    ],
  ]),
])('a builder %j is refused in words', (builder, sentences) => {
  expect(formatIssues(wrongWith({ builder })).split('\n')).toEqual(sentences);
});

test('an agent of no jobs makes images', () => {
  expect(agentSpec.parse({ maxJobs: 0, builder: { destination: 'registry.example/runs' } }).maxJobs).toBe(0);
});

test.each([
  ['name', { name: 'two words' }, 'name', '"two words"', 'at most 63 characters'],
  ['name', { name: 'x'.repeat(64) }, 'name', `"${'x'.repeat(64)}"`, 'at most 63 characters'],
  ['queue', { queues: ['gpu', '-gpu'] }, 'queues.1', '"-gpu"', 'at most 63 characters'],
  ['list of queues', { queues: 'gpu' }, 'queues', '"gpu"', 'expected array'],
  ['number of jobs', { maxJobs: 0 }, 'maxJobs', '0', '1 to 99999, or -1 for as many as come; 0 only with'],
  ['number of jobs', { maxJobs: 0, builder: { type: 'none' } }, 'maxJobs', '0', 'with a builder that makes images'],
  ['number of jobs', { maxJobs: 100_000 }, 'maxJobs', '100000', '1 to 99999, or -1'],
  ['number of jobs', { maxJobs: 1.5 }, 'maxJobs', '1.5', 'expected int'],
  ['number of jobs', { maxJobs: '3' }, 'maxJobs', '"3"', 'expected number'],
  ['kubeconfig', { kubernetes: { kubeconfig: '' } }, 'kubernetes.kubeconfig', '""', 'a path'],
  ['context', { kubernetes: { context: '' } }, 'kubernetes.context', '""', 'a name'],
  ['list of namespaces', { kubernetes: { namespaces: [] } }, 'kubernetes.namespaces', '[]', 'one or more'],
  ['namespace', { kubernetes: { namespaces: [''] } }, 'kubernetes.namespaces.0', '""', 'a name'],
  ['section', { kubernetes: 'default' }, 'kubernetes', '"default"', 'expected object'],
])('a wrong %s in %j is named, with what stood there and the rule', (_, spec, path, value, rule) => {
  expect(wrongWith(spec)).toEqual([{ path, value, rule: expect.stringContaining(rule) as string }]);
});

test('keys that nobody knows are named, wherever they are', () => {
  const spec = { max_jobs: 2, kubernetes: { kubeConfig: 'x', namespace: 'ml' } };
  expect(wrongWith(spec)).toEqual(
    expect.arrayContaining([
      { path: 'max_jobs', value: '2', rule: 'not a known field' },
      { path: 'kubernetes.kubeConfig', value: '"x"', rule: 'not a known field' },
      { path: 'kubernetes.namespace', value: '"ml"', rule: 'not a known field' },
    ]),
  );
  expect(wrongWith(spec)).toHaveLength(3);
});

test.each([[null], [[]], ['text'], [3]])('%j is no agent’s file', (value) => {
  expect(wrongWith(value)).toEqual([expect.objectContaining({ path: '' })]);
});
