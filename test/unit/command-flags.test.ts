import { expect, test } from 'vitest';
import { launchSpec } from '../../contracts/launch-spec.ts';
import { readLaunchConfig } from '../../scripts/read-launch-config.ts';
import { specFromFlags, type LaunchRequest } from '../../scripts/launch-flags.ts';

const from = ({ config, ...request }: Omit<Partial<LaunchRequest>, 'config'> & { config?: unknown }) =>
  specFromFlags({
    ...{ flags: {}, command: [], cwd: '/home/ada', user: 'ada', ...request },
    config: config === undefined ? undefined : readLaunchConfig({ value: config, name: 'c.json' }),
  });

test('an entry point without a source means the current directory', () => {
  expect(from({ flags: { queue: 'q', entryPoint: 'python "my train.py"' } })).toEqual({
    queue: 'q',
    user: 'ada',
    entrypoint: ['python', 'my train.py'],
    source: { code: { dir: '/home/ada' } },
  });
});

test('what stands after -- is the command, word for word', () => {
  expect(from({ command: ['python', '-c', 'print("a b")'] }).entrypoint).toEqual(['python', '-c', 'print("a b")']);
});

test('secrets are told from texts, and those that are to be variables from files', () => {
  const { env } = from({ flags: { env: ['A=b:env'], secret: ['TOKEN=hf', 'KEY=wandb/api-key:env'] } });
  expect(env).toEqual({ A: 'b:env', TOKEN: { secret: 'hf' }, KEY: { secret: 'wandb/api-key', as: 'env' } });
});

test('two commands are refused', () => {
  expect(() => from({ command: ['a'], flags: { entryPoint: 'b' } })).toThrow(/given twice/);
});

test('all flags arrive in a spec that the contract accepts', () => {
  const spec = from({
    flags: {
      queue: 'q',
      entryPoint: 'train',
      project: 'p',
      priority: 'high',
      code: 'sub',
      set: ['lr=0.1', 'optim.name=adam'],
      configAsArgs: true,
      env: ['A=b=c'],
      name: 'n',
      tag: ['x', 'y'],
      user: 'eve',
      requeueMax: '2',
      retries: '1',
      gracePeriod: '90s',
      timeoutQueue: '7d',
      timeoutStart: '600',
      timeoutRun: '2h',
    },
  });
  expect(launchSpec.parse(spec)).toMatchObject({
    project: 'p',
    priority: 'high',
    source: { code: { dir: '/home/ada/sub' } },
    runConfig: { lr: 0.1, optim: { name: 'adam' } },
    configAsArgs: 'args',
    env: { A: 'b=c' },
    tags: ['x', 'y'],
    user: 'eve',
    requeue: { max: 2 },
    retries: 1,
    gracePeriod: 90_000,
    timeouts: { queue: 604_800_000, start: 600_000, run: 7_200_000 },
  });
});

test('flags win over overrides, overrides over the file', () => {
  const file = {
    value: {
      queue: 'f',
      name: 'f',
      entrypoint: ['f'],
      args: ['f'],
      runConfig: { a: 1, b: 1, c: 1 },
      requeue: { max: 1, on: [] },
    },
    name: 'l.yaml',
    dir: '/specs',
  };
  const config = { overrides: { entry_point: ['c'], args: ['c'], run_config: { b: 2, c: 2 } } };
  expect(from({ file, config, flags: { queue: 'flag', set: ['c=3'], requeueMax: '4' } })).toMatchObject({
    queue: 'flag',
    name: 'f',
    entrypoint: ['c'],
    args: ['c'],
    runConfig: { a: 1, b: 2, c: 3 },
    requeue: { max: 4, on: [] },
  });
});

test('what is said of images by flags, overrides and the file comes together', () => {
  const file = { value: { entrypoint: ['f'], builder: { runtime: '3.10', baseImage: 'f' } }, name: 'l.yaml', dir: '/' };
  const config = { base_image: 'c', builder: { base_image: 'c' } };
  expect(from({ file, config, flags: { baseImage: 'flag', runtime: '3.11' } })).toMatchObject({
    baseImage: 'flag',
    builder: { runtime: '3.11', baseImage: 'c' },
  });
  expect(from({ file, config })).toMatchObject({ baseImage: 'c', builder: { runtime: '3.10', baseImage: 'c' } });
});

test('what is launched may stand in a whole configuration, under what flags say', () => {
  const config = {
    ...{ job: 'team/vision/digits:prod', project: 'vision', name: 'c', author: 'eve', priority: 1 },
    ...{ overrides: { run_config: { lr: 1 }, files: { 'a.json': { x: 1 } }, artifacts: { data: 'd:v1' } } },
  };
  const file = { value: { queue: 'f', source: { image: 'f' }, user: 'f', name: 'f' }, name: 'l.yaml', dir: '/' };
  expect(from({ file, config, flags: { name: 'flag', set: ['lr=2'] } })).toEqual({
    ...{ queue: 'f', source: { job: 'vision/digits:prod' }, project: 'vision', name: 'flag', user: 'eve' },
    ...{ priority: 'high', runConfig: { lr: 2 }, files: { 'a.json': { x: 1 } }, artifacts: { data: 'd:v1' } },
  });
  const url = 'https://git.example/a';
  expect(from({ config: { uri: url }, flags: { gitVersion: 'v1' } }).source).toEqual({ git: { url, ref: 'v1' } });
  expect(from({ config: { job: 'x' }, flags: { dockerImage: 'y' } }).source).toEqual({ image: 'y' });
});

test("a file's directory of code counts from where the file is", () => {
  const file = { value: { source: { code: { dir: 'code' } } }, name: 'l.yaml', dir: '/specs' };
  expect(from({ file }).source).toEqual({ code: { dir: '/specs/code' } });
});

test('empty overrides change nothing, wrong ones are named', () => {
  const file = { value: { entrypoint: ['f'], args: ['f'] }, name: 'l.yaml', dir: '/' };
  const empty = { args: [], run_config: {}, entrypoint: null, dockerfile: null, files: {} };
  expect(from({ file, config: empty })).toMatchObject({ entrypoint: ['f'], args: ['f'] });
  expect(() => from({ config: { args: 'x', docker_file: './Dockerfile' } })).toThrow(
    /--config c\.json is none of W&B's:\nargs is "x": a list of texts\ndocker_file is ".\/Dockerfile": not a known field/,
  );
});

test('a file that holds no map is refused', () => {
  expect(() => from({ file: { value: ['x'], name: 'l.yaml', dir: '/' } })).toThrow(/l\.yaml holds no launch/);
});

test('a form of arguments that there is not reaches the contract as it was typed', () => {
  const spec = from({ flags: { queue: 'q', entryPoint: 'a', configAsArgs: 'json' } });
  expect(() => launchSpec.parse(spec)).toThrow('one of args, args_no_equals, args_no_hyphens');
});

test('numbers that are none reach the contract as they were typed', () => {
  expect(from({ flags: { retries: 'many' } }).retries).toBe('many');
});

test('what is said to the queue is read: variables one a flag, a share of the machine, arguments', () => {
  const file = { value: { variables: { a: '0', b: 'x' }, resources: { gpu: 1, cpu: 1 } }, name: 'l.yaml', dir: '/' };
  const resourceArgs = { value: { docker: { memory: '1g' } }, name: '{}' };
  const flags = { var: ['a=2'], setVar: ['a=1', 'c=2.5'], cpu: '500m', memory: '2Gi', gpu: '2' };
  expect(from({ file, flags, resourceArgs })).toMatchObject({
    variables: { a: '2', b: 'x', c: '2.5' },
    resources: { cpu: '500m', memory: '2Gi', gpu: 2 },
    resourceArgs: { docker: { memory: '1g' } },
  });
  // W&B's T8.
  const config = { template_variables: { a: 1, d: 3 } };
  expect(from({ file, config, flags }).variables).toEqual({ a: '2', b: 'x', c: '2.5', d: 3 });
  for (const set of ['a=1 b=2 c=3', 'a=1,b=2', 'a'])
    expect(() => from({ flags: { setVar: [set] } })).toThrow(/--var .*must be/);
});
