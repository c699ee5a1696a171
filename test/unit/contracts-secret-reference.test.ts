import { expect, test } from 'vitest';
import { fieldIssues, formatIssues } from '../../contracts/issues.ts';
import { launchSpec, type LaunchSpecInput } from '../../contracts/launch-spec.ts';
import { queueSpec, type QueueSpecInput } from '../../contracts/queue-spec.ts';
import { mergeVariables } from '../../contracts/secret-reference.ts';

type Env = NonNullable<LaunchSpecInput['env']>;

const specOf = (env: unknown) => ({ queue: 'gpu', source: { code: {} }, entrypoint: ['true'], env });

function merged(env: Env, queue: Partial<QueueSpecInput>) {
  const spec = launchSpec.parse(specOf(env));
  const { issues, ...rest } = mergeVariables(spec, queueSpec.parse({ backend: 'process', ...queue }));
  return { ...rest, wrong: formatIssues(issues) };
}

function wrongWith(env: unknown): string {
  const parsed = launchSpec.safeParse(specOf(env));
  return parsed.success ? '' : formatIssues(fieldIssues(parsed.error, specOf(env)));
}

test('a run has the variables of its queue, its own over them, and each secret once', () => {
  expect(
    merged(
      { A: 'run', TOKEN: { secret: 'hf' }, LATER: { secret: 'hf', as: 'env' } },
      { env: { A: 'queue', B: 'queue', TOKEN: 'none', TOKEN_FILE: 'none', KEY: { secret: 'wandb' } }, secrets: ['hf'] },
    ),
  ).toEqual({
    env: { A: 'run', B: 'queue' },
    secrets: {
      TOKEN: { secret: 'hf', as: 'file' },
      LATER: { secret: 'hf', as: 'env' },
      KEY: { secret: 'wandb', as: 'file' },
    },
    wrong: '',
  });
});

test.each<[string, Env, string[] | undefined, string]>([
  [
    'a secret that the queue does not name',
    { TOKEN: { secret: 'other' } },
    ['hf', 'wandb/key'],
    'env.TOKEN.secret is ****: queue "gpu" lets its runs name hf, wandb/key (secrets)',
  ],
  [
    'any secret, where the queue names none',
    { TOKEN: { secret: 'KEY' } },
    undefined,
    'env.TOKEN.secret is ****: queue "gpu" lets its runs name no secrets (secrets)',
  ],
  [
    'another key of one that it names',
    { TOKEN: { secret: 'wandb/other' } },
    ['wandb/key'],
    'env.TOKEN.secret is ****: queue "gpu" lets its runs name wandb/key (secrets)',
  ],
])('%s is refused', (_, env, secrets, wrong) => {
  expect(merged(env, { env: { KEY: { secret: 'KEY' } }, ...(secrets && { secrets }) }).wrong).toBe(wrong);
});

test.each<[string, Env]>([
  ['a text', { KEY: 'mine, and nobody is to see it' }],
  ['a path in its place', { KEY_FILE: '/tmp/mine' }],
  ['another secret', { KEY: { secret: 'hf' } }],
])('a secret of the queue’s has no way round it, such as %s', (_, env) => {
  const name = Object.keys(env)[0] ?? '';
  expect(merged(env, { env: { KEY: { secret: 'any', as: 'env' } }, secrets: ['hf'] }).wrong).toBe(
    `env.${name} is ****: queue "gpu" gives its runs a secret by that name, which stays`,
  );
});

test.each(['../hf', 'a/../b', '/etc/shadow', 'a/b/c', '.hidden', 'a/', '', 'a\0b', 'a\\..\\b', 'x'.repeat(64)])(
  'no secret is called %j',
  (secret) => {
    expect(wrongWith({ TOKEN: { secret } })).toMatch(
      /^env\.TOKEN(\.secret is \*{4})?: NAME|^env\.TOKEN\.secret is \*{4}: a name/,
    );
  },
);

test.each<[string, unknown, string]>([
  ['a number', { A: 1 }, 'env.A is 1: expected string, or a secret such as {secret: wandb, as: env}'],
  [
    'a way of giving that there is not',
    { A: { secret: 'hf', as: 'argument' } },
    'or a secret such as {secret: wandb, as: env}',
  ],
  [
    'a text where a secret has its path',
    { A: { secret: 'hf' }, A_FILE: 'b' },
    'env.A_FILE is "b": it belongs to the secret of A',
  ],
  ['a name that makes a path too long', { ['A'.repeat(129)]: { secret: 'hf' } }, 'of secrets at most 128 characters'],
])('%s is refused', (_, env, wrong) => {
  expect(wrongWith(env)).toContain(wrong);
});
