import type { Container } from 'dockerode';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Backend, Verdict } from '../../activities/backends/backend.ts';
import { never, sh, untilTerm } from '../support/backend-harness.ts';
import { dockerHarness, type DockerHarness } from '../support/docker-harness.ts';
import { recordingSink, type RecordingSink } from '../support/recording-sink.ts';

let harness: DockerHarness;
let backend: Backend;
beforeAll(async () => {
  harness = await dockerHarness();
  ({ backend } = harness);
});
afterEach(() => harness.cleanup());

type Wanted = Parameters<DockerHarness['attempt']>[0];

const ending = async (options: Wanted): Promise<{ verdict: Verdict; sink: RecordingSink }> => {
  const { ref } = await harness.start(options);
  const sink = recordingSink();
  return { verdict: await backend.follow(ref, sink, never), sink };
};

/** Fills memory until it is killed. */
const hungry = 'tail /dev/zero';

describe('memory', () => {
  test('a job over its limit is out of memory', async () => {
    const { verdict } = await ending({ command: sh(`exec ${hungry}`), resourceArgs: { memory: '32m' } });
    expect(verdict).toMatchObject({ kind: 'failed', cause: 'out-of-memory', exitCode: 137 });
  });

  test('a job that survives a child over the limit has its own exit code, and the reason', async () => {
    const { verdict } = await ending({ command: sh(`${hungry}; exit 9`), resourceArgs: { memory: '32m' } });
    expect(verdict).toMatchObject({ kind: 'failed', cause: 'exit-code', exitCode: 9 });
    expect(verdict.message).toContain('a process that the job had started used more memory');
  });
});

test.each<[string, Wanted, string]>([
  ['no such program', { command: ['trian.py'] }, 'trian.py'],
  ['no program, but a directory', { command: ['/tmp'] }, '/tmp'],
  ['a GPU where there is none', { command: ['true'], resourceArgs: { gpus: 'all' } }, 'this engine has no GPU runtime'],
  ['no such network', { command: ['true'], resourceArgs: { network: 'nowhere' } }, 'nowhere'],
])('a container that cannot start says so: %s', async (_, options, words) => {
  const { verdict, sink } = await ending(options);
  expect(verdict).toMatchObject({ kind: 'failed', cause: 'invalid-config' });
  expect(verdict.message).toContain(words);
  expect(sink.phases).toEqual([]);
});

test('a bind mount of what is not there is refused in the words of the engine', async () => {
  const attempt = harness.attempt({
    command: ['true'],
    resourceArgs: { mount: 'type=bind,source=/nowhere,target=/data' },
  });
  await expect(backend.submit(attempt, never)).rejects.toMatchObject({
    type: 'AttemptRefused',
    message: expect.stringContaining('/nowhere') as unknown,
  });
});

test.each<[string, (container: Container) => Promise<unknown>, object]>([
  ['docker stop', (container) => container.stop({ t: 0 }), { exitCode: 137 }],
  ['docker kill', (container) => container.kill({ signal: 'SIGKILL' }), { exitCode: 137 }],
  ['docker rm -f', (container) => container.remove({ force: true }), {}],
])('an end by somebody else is told from one of its own: %s', async (_, end, expected) => {
  const attempt = await harness.start({ command: sh('echo ready; exec sleep 300') });
  const sink = recordingSink();
  const verdict = backend.follow(attempt.ref, sink, never);
  await expect.poll(() => sink.texts('stdout'), { timeout: 20_000 }).toEqual(['ready']);
  await end(harness.containerOf(attempt));
  expect(await verdict).toMatchObject({ kind: 'lost', reason: 'deleted-externally', ...expected });
});

test('a container that was removed while nobody followed is gone, not never started', async () => {
  const { ref } = await harness.start({ command: untilTerm(0) });
  const sink = recordingSink();
  const stop = new AbortController();
  const following = backend.follow(ref, sink, stop.signal).catch(() => undefined);
  await expect.poll(() => sink.texts('stdout'), { timeout: 20_000 }).toEqual(['ready']);
  stop.abort();
  await following;
  await harness.containerOf({ ref }).remove({ force: true });
  expect(await backend.follow(ref, sink, never)).toMatchObject({ kind: 'lost', reason: 'deleted-externally' });
});

test('an attempt whose submitter died between creating and starting never starts', async () => {
  const attempt = harness.attempt({ command: sh('echo started') });
  const died = new AbortController();
  const submitting = backend.submit(attempt, died.signal).catch(() => undefined);
  await expect
    .poll(async () => (await harness.leftovers()).length, { interval: 1, timeout: 20_000 })
    .toBeGreaterThan(0);
  died.abort();
  await submitting;
  const sink = recordingSink();
  const verdict = await backend.follow(attempt.ref, sink, never);
  // The start may have been on its way.
  if (verdict.kind === 'succeeded') return;
  expect(verdict).toMatchObject({ reason: 'never-started' });
  await backend.submit(attempt, never);
  expect(await backend.follow(attempt.ref, sink, never)).toMatchObject({ reason: 'never-started' });
  expect(sink.lines).toEqual([]);
});

test('nothing of a run is left when it is released and forgotten, whatever its image and its end left behind', async () => {
  const before = await harness.leftovers();
  const { ref } = await harness.start({ command: sh('exit 0') });
  await backend.follow(ref, recordingSink(), never);
  expect(await backend.keeps('team')).toEqual([ref.run]);
  await backend.forget('team', ref.run);
  expect(await backend.keeps('team')).toEqual([ref.run]);
  await backend.release(ref, never);
  const stopped = harness.attempt({ command: ['true'] });
  await backend.stop(stopped.ref, 0, never);
  expect((await backend.list('laptop')).map((one) => one.ref)).toEqual([stopped.ref]);
  await backend.release(stopped.ref, never);
  await backend.forget('team', ref.run);
  expect(await backend.keeps('team')).toEqual([]);
  expect(await harness.leftovers()).toEqual(before);
});
