import { describe, expect, test } from 'vitest';
import { buildOf } from '../../activities/check-launch.ts';
import type { FieldIssue } from '../../contracts/issues.ts';
import { launchSpec, type LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { queueSpec } from '../../contracts/queue-spec.ts';

const code = { code: { digest: 'a'.repeat(64) } };
const containers = { name: 'docker', sources: ['image'] as const };
const processes = { name: 'process', sources: ['code'] as const };

/** How code becomes an image, and what is wrong with it. */
function asked(more: Partial<LaunchSpecInput>, backend: Parameters<typeof buildOf>[1], queue: object = {}) {
  const issues: FieldIssue[] = [];
  const spec = launchSpec.parse({ queue: 'q', source: code, entrypoint: ['python', 'train.py'], ...more });
  const build = buildOf(spec, backend, queueSpec.parse({ backend: backend.name, ...queue }), issues);
  return { build, issues: issues.map(({ path, rule }) => `${path}: ${rule}`) };
}

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

test('code on a queue of processes, and an image, become none', () => {
  expect(asked({}, processes)).toEqual({ build: undefined, issues: [] });
  expect(asked({ source: { image: 'train:1' } }, containers)).toEqual({ build: undefined, issues: [] });
});

describe('what would do nothing is refused', () => {
  test('where code runs as it is', () => {
    expect(asked({ dockerfile: 'Dockerfile', builder: { runtime: '3.11' } }, processes).issues).toEqual([
      'dockerfile: not allowed: backend "process" runs code as it is',
      'builder: not allowed: backend "process" runs code as it is',
    ]);
  });

  test('where there is an image already', () => {
    expect(asked({ source: { image: 'train:1' }, buildContext: 'jobs' }, containers).issues).toEqual([
      'buildContext: not allowed: the source is an image already',
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
