import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { renderJob, renderJobs } from '../../scripts/commands/job/show.ts';
import { jobFromFlags } from '../../scripts/job-flags.ts';
import { runCommand } from '../support/run-command.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-command-job-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const env = { RELAUNCH_STORE: pathToFileURL(join(scratch, 'store')).href };
const cwd = join(scratch, 'code');
await mkdir(cwd);
const relaunch = (...argv: string[]) => runCommand(argv, { env, cwd });

test('a job is created, found unchanged, changed, listed and described', async () => {
  await writeFile(join(cwd, 'main.py'), 'print(1)');
  await writeFile(join(cwd, 'inputs.json'), '{"type": "object", "properties": {"lr": {"type": "number"}}}');
  const create = ['job', 'create', 'code', '.', '-p', 'vision', '-n', 'digits', '-a', 'prod', '--set', 'optim.lr=0.1'];
  expect((await relaunch(...create)).out).toBe(
    'created: vision/digits:v0 (prod)\n  launch: relaunch launch -q QUEUE -j vision/digits:v0\n',
  );
  expect((await relaunch(...create)).out).toContain('no changes: vision/digits:v0 (prod)');
  const more = [
    '--schema',
    'inputs.json',
    '--file-schema',
    'conf/train.yaml=inputs.json',
    '-s',
    'board=always',
    '-s',
    'board=never',
    '-E',
    'python "my train.py"',
  ];
  expect((await relaunch(...create, ...more, '-d', 'with inputs')).out).toContain(
    'new version: vision/digits:v1 (prod)',
  );
  expect((await relaunch('job', 'list')).out).toMatch(
    /^JOB +NEWEST +VERSIONS +ALIASES\nvision\/digits +v1 +2 +prod v1\n$/,
  );
  expect(JSON.parse((await relaunch('job', 'list', '--json', '-p', 'vision')).out)).toEqual([
    { project: 'vision', name: 'digits', newest: 1, versions: 2, aliases: { prod: 1 } },
  ]);
  const described = await relaunch('job', 'describe', 'digits:v0', '-p', 'vision', '--json');
  expect(JSON.parse(described.out)).toMatchObject({
    ...{ version: 0, newest: 1, aliases: { prod: 1 } },
    record: { by: 'ada', job: { entrypoint: ['python', 'main.py'], runConfig: { optim: { lr: 0.1 } } } },
    versions: [
      {
        version: 1,
        record: {
          job: {
            services: { board: 'never' },
            fileInputs: { 'conf/train.yaml': { properties: { lr: { type: 'number' } } } },
          },
        },
      },
      { version: 0 },
    ],
  });
  const { out } = await relaunch('job', 'describe', 'vision/digits');
  expect(out).toMatch(/^job +vision\/digits:v1\nabout +with inputs\ncode +.*\ncommand +python my train\.py\n/);
  expect(out).toMatch(/v1 +latest, prod +ada +\ds ago\nv0 +ada +\ds ago\n$/);
});

test('a job is deleted where somebody says yes', async () => {
  const create = ['job', 'create', 'image', 'train:1', '-p', 'gone', '-n', 'train', '-a', 'prod'];
  for (const image of ['train:1', 'train:2']) await relaunch(...create.with(3, image));
  const gone = ['job', 'delete', 'gone/train:v0'];
  expect(await relaunch(...gone)).toMatchObject({
    code: 2,
    err: 'error: this deletes gone/train: v0 (1): repeat with --yes',
  });
  const asked: string[] = [];
  const answering = (answer: string, argv: readonly string[]) =>
    runCommand(argv, { env, cwd, ask: (question) => Promise.resolve((asked.push(question), answer)) });
  expect(await answering('n', gone)).toEqual({ code: 1, out: '', err: 'nothing was deleted\n' });
  expect(await answering('Yes', gone)).toEqual({ code: 0, out: 'deleted gone/train: v0 (1)\n', err: '' });
  expect(asked).toEqual(Array(2).fill('Delete gone/train: v0 (1)? [y/N] '));
  expect(await relaunch(...gone, '--yes')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/v0 was deleted at .* by ada/) as string,
  });
  expect((await relaunch('job', 'delete', 'train:prod', '-p', 'gone', '-y')).out).toBe(
    'deleted gone/train:prod, an alias\n',
  );
  expect(JSON.parse((await relaunch('job', 'delete', 'gone/train', '--yes', '--json')).out)).toEqual({
    ...{ project: 'gone', name: 'train', versions: [1], aliases: ['2'] },
  });
  expect((await relaunch('job', 'list', '-p', 'gone')).out).toContain('no jobs');
});

test('an image becomes a job of its name, with its tag', async () => {
  const { out, err } = await relaunch('job', 'create', 'image', 'registry.example/train:v3', '--json');
  expect(JSON.parse(out)).toMatchObject({ id: 'uncategorized/job-registry.example_train:v0', aliases: [] });
  expect(err).toContain('tag v3 is no alias');
});

test.each([
  [['job', 'create', 'code', '/nowhere'], /what is run is not said, and there is no \/nowhere\/main\.py/],
  [['job', 'create', 'code', '/nowhere', '-E', 'x'], /nowhere/],
  [['job', 'create', 'code', '.', '-E', 'x', '-a', 'v1'], /aliases\.0 is "v1": no alias of yours/],
  [['job', 'create', 'code', '.', '-E', 'x', '-r', '2.7'], /builder\.runtime is "2\.7"/],
  [['job', 'create', 'code', '.', '-E', 'x', '--schema', '[]'], /cannot be read|holds no map/],
  [
    ['job', 'create', 'image', 'x', '--file-schema', '../a.json={}'],
    /fileInputs\.\.\.\/a\.json is {}: a path within the source/,
  ],
  [['job', 'create', 'image', 'x', '--file-schema', 'a.toml'], /--file-schema "a\.toml": must be KEY=VALUE/],
  [
    ['job', 'create', 'image', 'x', '--file-schema', 'a.json={}'],
    /fileInputs\.a\.json\.type is missing: one of string/,
  ],
  [['job', 'create', 'image', 'x', '-B', 'y'], /unknown option '-B'/],
  [['job', 'create', 'image', 'two words'], /source\.image is "two words"/],
  [['job', 'create', 'git', 'file:///x', '-E', 'x'], /source\.git\.url is "file:\/\/\/x": https:\/\/HOST\/PATH/],
  [['job', 'create', 'git', 'https://a:b@git.example/x', '-E', 'x'], /a URL without user, password or token/],
  [
    ['job', 'create', 'git', 'https://git.example/x', '-g', '--upload-pack=x', '-E', 'x'],
    /source\.git\.ref is "--upload-pack=x"/,
  ],
  [['job', 'create', 'git', 'https://git.example/x'], /entrypoint is \[\]: a command and its arguments/],
  [['job', 'create', 'wheel', 'x'], /unknown command 'wheel'/],
  [['job', 'describe', 'a/b/c'], /job is "a\/b\/c": a job such as/],
  [['job', 'describe', 'nothing'], /job uncategorized\/nothing does not exist/],
  [['launch', '-q', 'q', '-j', 'x', '-d', 'y'], /the source is given twice: by --docker-image and by --job/],
])('%j is refused in a sentence', async (argv, sentence) => {
  const { err, code } = await relaunch(...argv);
  expect(err).toMatch(sentence);
  expect(code).toBe(2);
});

/** W&B's cases: case-sensitive, the last of a name holds. */
describe('services', () => {
  const servicesOf = (...service: string[]) => jobFromFlags({ image: 'x' }, { service }, '/').services;

  test.each([
    [[], {}],
    [['a=always'], { a: 'always' }],
    [['a=never', 'b=always'], { a: 'never', b: 'always' }],
    [['a=never', 'a=always'], { a: 'always' }],
    [['a=always', 'A=never'], { a: 'always', A: 'never' }],
    [['a b.c-d=always'], { 'a b.c-d': 'always' }],
  ])('%j', (written, services) => {
    expect(servicesOf(...written)).toEqual(services);
  });

  test.each(['', 'a', '=always', 'a=', 'a=Always', 'a=sometimes', 'a=always=never', 'a: always'])(
    'not %j',
    (written) => {
      expect(() => servicesOf(written)).toThrow(/--service .*: must be NAME=always or NAME=never/);
    },
  );
});

// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

test('what a job says of itself cannot steer the terminal', () => {
  const hostile = 'a\u001b]0;owned\u0007\u001b[31mred\nsecond\rline\u009b2Jé';
  const record = {
    job: {
      ...{
        source: { code: { dir: hostile } },
        entrypoint: [hostile],
        builder: {},
        services: { [hostile]: 'never' as const },
      },
      runConfig: { [hostile]: [hostile] },
    },
    ...{ description: hostile, by: hostile, createdAt: hostile },
  };
  const job = { project: 'p', name: 'n', version: 0, record, digest: '' };
  const aliases = { [hostile]: 0 };
  expect(renderJob({ ...job, aliases, newest: 0, versions: [{ version: 0, record }, { version: 1 }] }, 0)).not.toMatch(
    control,
  );
  expect(renderJobs([{ project: 'p', name: 'n', newest: 0, versions: 1, aliases }])).not.toMatch(control);
});
