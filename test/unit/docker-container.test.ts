import { describe, expect, test } from 'vitest';
import { containerOf } from '../../activities/backends/docker/container-spec.ts';
import { addressOf } from '../../activities/backends/docker/engine-address.ts';
import { parseDockerArgs } from '../../activities/backends/docker/queue-args.ts';
import { attemptOf } from '../support/process-attempts.ts';

const made = (resourceArgs: object, { entrypoint = [] as string[], args = [] as string[] } = {}) => {
  const attempt = attemptOf({ command: entrypoint, env: { A: 'run' }, run: 'r', uid: 'u' });
  const plan = { ...attempt.plan, args };
  return containerOf({ ...attempt, plan }, 'image:1', parseDockerArgs(resourceArgs), {
    owner: 'o',
    warnings: [],
  });
};

describe('what runs', () => {
  test.each<[string, object, { entrypoint?: string[]; args?: string[] }, object]>([
    ['the image’s own', {}, {}, { Entrypoint: undefined, Cmd: undefined }],
    [
      'the run’s entry point, with nothing of the image’s',
      {},
      { entrypoint: ['a', 'b c'] },
      { Entrypoint: ['a', 'b c'], Cmd: [] },
    ],
    ['both of the run’s', {}, { entrypoint: ['a'], args: ['b'] }, { Entrypoint: ['a'], Cmd: ['b'] }],
    ['the image’s entry point with the run’s arguments', {}, { args: ['b'] }, { Entrypoint: undefined, Cmd: ['b'] }],
    ['the queue’s command, where the run has none', { command: 'x y' }, {}, { Cmd: ['x', 'y'] }],
    ['the run’s arguments over the queue’s command', { command: 'x y' }, { args: ['b'] }, { Cmd: ['b'] }],
  ])('%s', (_, resourceArgs, command, expected) => {
    const { Entrypoint, Cmd } = made(resourceArgs, command);
    expect({ Entrypoint, Cmd }).toMatchObject(expected);
  });
});

describe('code on a base image', () => {
  const attempt = attemptOf({ command: ['python', 'train.py'], run: 'r', uid: 'u' });
  const withWarnings = (warnings: string[]) =>
    containerOf(attempt, 'image:1', parseDockerArgs({ workdir: '/queue' }), {
      owner: 'o',
      warnings,
      workingDir: '/code',
    });

  test('starts where it is, on a volume that is known as the attempt’s', () => {
    const { WorkingDir, HostConfig } = withWarnings([]);
    expect(WorkingDir).toBe('/code');
    expect(HostConfig?.Mounts?.at(-1)).toMatchObject({
      Source: '',
      VolumeOptions: { Labels: { 'relaunch.dev/attempt-uid': 'u', 'relaunch.dev/note': 'code' } },
    });
  });

  test('has not more warnings than every list of containers can bear', () => {
    const label = (warnings: string[]) => withWarnings(warnings).Labels?.['relaunch.dev/warning'];
    expect(label([])).toBeUndefined();
    expect(label(['a', 'b'])).toBe('a\nb');
    const lines = label(Array.from({ length: 1_000 }, (_, i) => String(i)))?.split('\n');
    expect(lines?.slice(-2)).toEqual(['19', 'and 980 more such warnings']);
  });
});

test('the run’s variables and labels are over the queue’s', () => {
  const { Env, Labels } = made({ env: { A: 'queue', B: 'queue' }, label: 'team=vision' });
  expect(Env).toEqual(
    expect.arrayContaining(['A=run', 'B=queue', 'RELAUNCH_RUN_ID=r', 'RELAUNCH_CHECKPOINT_DIR=/checkpoints/run']),
  );
  expect(Labels).toMatchObject({
    team: 'vision',
    'relaunch.dev/run': 'r',
    'relaunch.dev/attempt-uid': 'u',
    'relaunch.dev/owner': 'o',
  });
});

test.each<[object, string[] | undefined]>([
  [{}, ['no-new-privileges']],
  [{ privileged: true }, undefined],
  [{ 'security-opt': 'apparmor=x' }, ['apparmor=x']],
])('a job gets no more rights than it starts with, unless the queue says so: %j', (resourceArgs, expected) => {
  expect(made(resourceArgs).HostConfig?.SecurityOpt).toEqual(expected);
});

test.each<[string, object]>([
  ['unix:///run/user/1000/docker.sock', { socketPath: '/run/user/1000/docker.sock', host: undefined }],
  ['tcp://gpu-7:2375', { host: 'gpu-7', port: '2375', socketPath: undefined }],
  ['tcp://gpu-7', { host: 'gpu-7', port: '2375' }],
  ['https://gpu-7', { protocol: 'https', port: '2376' }],
  ['ssh://ada@gpu-7', { protocol: 'ssh', username: 'ada', port: '22' }],
])('an engine at %s', (host, expected) => {
  expect(addressOf(host)).toMatchObject(expected);
});

test.each(['', 'gpu-7', 'npipe:////./pipe/docker', 'unix://relative', 'tcp://'])('no engine at %j', (host) => {
  expect(() => addressOf(host)).toThrow('docker.host is');
});
