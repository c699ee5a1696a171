import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ClientError } from '../../client/index.ts';
import { readAgentFile } from '../../scripts/read-agent-file.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-agent-file-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));
await mkdir(join(scratch, 'etc'));

/** Reads a file of this text from another directory than its own. */
async function read(text: string): Promise<ReturnType<typeof readAgentFile>> {
  await writeFile(join(scratch, 'etc', 'agent.yaml'), text);
  return readAgentFile('etc/agent.yaml', scratch);
}

async function complaintOf(text: string): Promise<string> {
  const error = await read(text).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ClientError);
  expect(error).toMatchObject({ code: 'bad-input' });
  return (error as Error).message;
}

test('a file says what it says', async () => {
  const text = 'name: rack-3\nqueues: [gpu]\nmaxJobs: 8\nkubernetes:\n  context: prod\n  namespaces: [ml]\n';
  expect(await read(text)).toEqual({
    name: 'rack-3',
    queues: ['gpu'],
    maxJobs: 8,
    kubernetes: { context: 'prod', namespaces: ['ml'] },
  });
});

test('a kubeconfig counts from where the file is, not from where the agent is started', async () => {
  expect(await read('kubernetes: {kubeconfig: ../secrets/config}')).toEqual({
    kubernetes: { kubeconfig: join(scratch, 'secrets', 'config') },
  });
});

test('so do the volumes for code', async () => {
  expect(await read('kubernetes: {code: {code: ../volume, train/other: /mnt/other}}')).toEqual({
    kubernetes: { code: { code: join(scratch, 'volume'), 'train/other': '/mnt/other' } },
  });
});

test('so does a directory of secrets', async () => {
  expect(await read('secrets: {directory: ./secrets, environment: [HF_TOKEN]}')).toEqual({
    secrets: { directory: join(scratch, 'etc', 'secrets'), environment: ['HF_TOKEN'] },
  });
});

test('a kubeconfig may be in the home directory', async () => {
  expect(await read('kubernetes: {kubeconfig: ~/.kube/config}')).toEqual({
    kubernetes: { kubeconfig: join(os.homedir(), '.kube', 'config') },
  });
});

test('an absolute kubeconfig is where it says, and what else is said of the cluster stays', async () => {
  expect(await read('maxJobs: 2\nkubernetes: {kubeconfig: /etc/kube, context: prod, namespaces: [a, b]}')).toEqual({
    maxJobs: 2,
    kubernetes: { kubeconfig: '/etc/kube', context: 'prod', namespaces: ['a', 'b'] },
  });
});

test.each([
  ['nothing', ''],
  ['comments', '# all defaults\n'],
  ['an empty map', '{}'],
  ['JSON', '{"queues": []}'],
])('a file of %s is one', async (_, text) => {
  expect(await read(text)).toEqual(text.startsWith('{"') ? { queues: [] } : {});
});

test('keys that nobody knows are named with the file, all at once', async () => {
  const message = await complaintOf('max_jobs: 2\nmaxJobs: -2\nkubernetes: {name_space: ml}\n');
  const [first, ...rest] = message.split('\n');
  expect(first).toBe("etc/agent.yaml is no agent's file:");
  expect(rest.toSorted()).toEqual([
    'kubernetes.name_space is "ml": not a known field',
    'maxJobs is -2: 1 to 99999, or -1 for as many as come',
    'max_jobs is 2: not a known field',
  ]);
});

test('a file of something else is refused', async () => {
  expect(await complaintOf('- gpu\n- cpu\n')).toContain('it is ["gpu","cpu"]');
  expect(await complaintOf('gpu')).toContain('it is "gpu"');
});

test('a file that is no YAML is refused', async () => {
  expect(await complaintOf('name: [rack-3\n')).toMatch(/^etc\/agent\.yaml is no YAML: /);
});

test('a file that is not there is refused by name', () => {
  expect(() => readAgentFile('etc/none.yaml', scratch)).toThrow('etc/none.yaml cannot be read: there is no such file');
});

describe("W&B's launch-config.yaml", () => {
  async function notesOn(text: string): Promise<[spec: unknown, notes: string[]]> {
    await writeFile(join(scratch, 'etc', 'launch-config.yaml'), text);
    const notes: string[] = [];
    const spec = readAgentFile('etc/launch-config.yaml', scratch, (note) => notes.push(note.replace(/^.*?: /, '')));
    return [spec, notes];
  }

  test('is read as it is, and what has no meaning here is named', async () => {
    const text = `
entity: team
max_jobs: -1
max_schedulers: "8"
queues: [a]
queue: b
environment: { type: aws, region: us-east-1 }
registry: { type: ecr, uri: 123.dkr.ecr.us-east-1.amazonaws.com/runs }
builder: { type: docker, platform: linux/amd64, build-context-store: s3://x }
verbosity: 1
`;
    const [spec, notes] = await notesOn(text);
    expect(spec).toMatchObject({
      queues: ['a', 'b'],
      maxJobs: -1,
      builder: { type: 'docker', destination: '123.dkr.ecr.us-east-1.amazonaws.com/runs', platform: 'linux/amd64' },
    });
    expect(notes.map((note) => note.split(/[ :]/)[0])).toEqual([
      ...['entity', 'max_schedulers', 'environment', 'registry', 'verbosity', 'builder'],
    ]);
  });

  test.each<[string, object]>([
    ['builder: { type: noop }', { builder: { type: 'none' } }],
    ['max_jobs: "2"\nqueues: [a]', { maxJobs: 2, queues: ['a'] }],
    ['builder: { type: kaniko, destination: r.example/runs, secret-name: x }', {}],
  ])('%s', async (text, expected) => {
    expect((await notesOn(text))[0]).toMatchObject(expected);
  });

  test.each([
    ['registry: { type: ecrr }', 'registry.type is "ecrr": ecr, acr, gcr, local or anonymous'],
    ['max_schedulers: -29', 'max_schedulers is -29: a number, or -1 for no limit'],
    ['max_jobs: weird', 'max_jobs is "weird": a number, or -1 for no limit'],
    ['max_jobs: 1\ncolour: red', 'colour is "red": not a known field'],
  ])('with %s is refused', async (text, sentence) => {
    await expect(notesOn(text)).rejects.toThrow(sentence);
  });
});
