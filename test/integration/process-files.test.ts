import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProcessBackend } from '../../activities/backends/process/process-backend.ts';
import { attemptFiles } from '../../activities/backends/process/layout.ts';
import { never, sh } from '../support/backend-harness.ts';
import { failsAs } from '../support/fails-as.ts';
import { baseEnv } from '../support/process-attempts.ts';
import { processHarness, type ProcessHarness } from '../support/process-harness.ts';
import { recordingSink } from '../support/recording-sink.ts';

let harness: ProcessHarness;
beforeEach(async () => {
  harness = await processHarness();
});
afterEach(() => harness.cleanup());

describe('what a job finds and leaves on disk', { timeout: 60_000 }, () => {
  test('a job starts in its own copy of the source, which it cannot spoil for the next attempt', async () => {
    for (const n of [1, 2]) {
      const attempt = harness.attempt({ command: sh('cat marker; echo spoiled >marker; exit 0'), run: 'spoils', n });
      await harness.backend.submit(attempt, never);
      const sink = recordingSink();
      await harness.backend.follow(attempt.ref, sink, never);
      expect(sink.texts('stdout')).toEqual(['unpacked']);
    }
  });

  test('the checkpoint directory lasts over attempts and releases, nothing else does', async () => {
    const write = harness.attempt({ command: sh('echo 41 >"$RELAUNCH_CHECKPOINT_DIR/epoch"'), run: 'resumes', n: 1 });
    await harness.backend.submit(write, never);
    await harness.backend.follow(write.ref, recordingSink(), never);
    await harness.backend.release(write.ref, never);
    const read = harness.attempt({ command: sh('cat "$RELAUNCH_CHECKPOINT_DIR/epoch"'), run: 'resumes', n: 2 });
    await harness.backend.submit(read, never);
    const sink = recordingSink();
    await harness.backend.follow(read.ref, sink, never);
    expect(sink.texts('stdout')).toEqual(['41']);
    await harness.backend.release(read.ref, never);
    expect(readdirSync(join(harness.path(read.ref), '..'))).toEqual(['checkpoint']);
  });

  test('nobody else can look into a job', async () => {
    const attempt = harness.attempt({ command: sh('exit 0') });
    await harness.backend.submit(attempt, never);
    for (const path of [[], ['source'], ['..'], ['..', 'checkpoint']]) {
      expect(statSync(harness.path(attempt.ref, ...path)).mode & 0o077).toBe(0);
    }
  });

  test.each(['../../escaped', '..', '.', '', '/etc', 'a/b', 'a\0b', 'long'.repeat(100)])(
    'a run or team named %j stays in its home',
    async (name) => {
      const home = await mkdtemp(join(tmpdir(), 'relaunch-hostile-'));
      try {
        for (const part of ['run', 'entity'] as const) {
          const ref = { entity: 'team', run: 'run', attempt: 1, uid: 'u', [part]: name };
          const files = attemptFiles(home, ref);
          expect(files.directory.split('/').length).toBe(`${home}/process/entity/run/a1`.split('/').length);
          const backend = createProcessBackend({ home, baseEnv, node: 'host' });
          await backend.submit({ ...harness.attempt({ command: sh('exit 0') }), ref }, never);
          await backend.follow(ref, recordingSink(), never);
          expect(existsSync(files.exit)).toBe(true);
          expect(await backend.list('laptop')).toEqual([{ ref, live: false }]);
          await backend.release(ref, never);
        }
        expect(readdirSync(home)).toEqual(['process']);
      } finally {
        await rm(home, { recursive: true, force: true });
      }
    },
  );

  test('a command that is not there ends with 127 and says so', async () => {
    const attempt = harness.attempt({ command: ['no-such-program'] });
    await harness.backend.submit(attempt, never);
    const verdict = await harness.backend.follow(attempt.ref, recordingSink(), never);
    expect(verdict).toMatchObject({ exitCode: 127, message: expect.stringContaining('no-such-program') as string });
  });

  test.each(['exit', 'trap', 'tool'])(
    'a command named like the shell’s own "%s" is looked up as a program',
    async (name) => {
      const attempt = harness.attempt({ command: [name, '0'] });
      await harness.backend.submit(attempt, never);
      const verdict = await harness.backend.follow(attempt.ref, recordingSink(), never);
      expect(verdict).toMatchObject({ exitCode: 127 });
    },
  );

  test('a job that changes PATH still has its exit code kept', async () => {
    const attempt = harness.attempt({ command: ['/bin/sh', '-c', 'exit 5'], env: { PATH: '/nowhere' } });
    await harness.backend.submit(attempt, never);
    const verdict = await harness.backend.follow(attempt.ref, recordingSink(), never);
    expect(verdict).toMatchObject({ exitCode: 5 });
  });

  test('a command that is too long is refused in words', async () => {
    const attempt = harness.attempt({ command: ['echo', 'x'.repeat(4_000_000)] });
    await expect(harness.backend.submit(attempt, never)).rejects.toEqual(failsAs('AttemptRefused'));
  });

  test('a source that cannot be unpacked starts nothing, and the next submit tries again', async () => {
    const attempt = harness.attempt({ command: sh('cat marker') });
    const broken = { ...attempt, unpackSource: () => Promise.reject(new Error('the store is away')) };
    await expect(harness.backend.submit(broken, never)).rejects.toThrow('the store is away');
    expect(readdirSync(harness.path(attempt.ref))).toEqual(['attempt.json']);
    await harness.backend.submit(attempt, never);
    const sink = recordingSink();
    expect(await harness.backend.follow(attempt.ref, sink, never)).toMatchObject({ kind: 'succeeded' });
    expect(sink.texts('stdout')).toEqual(['unpacked']);
  });

  test('a home that is no directory is an error to be tried again', async () => {
    const home = join(harness.home, 'file');
    writeFileSync(home, '');
    const backend = createProcessBackend({ home, baseEnv, node: 'host' });
    await expect(backend.check({}, never)).rejects.toEqual(failsAs('BackendUnavailable'));
    await harness.backend.check({}, never);
  });

  test('a queue’s environment reaches its jobs, and what is wrong in it is named', async () => {
    const attempt = harness.attempt({ command: sh('echo $FROM_QUEUE'), env: {} });
    attempt.plan.resourceArgs = { env: { FROM_QUEUE: 'yes' } };
    await harness.backend.submit(attempt, never);
    await harness.backend.follow(attempt.ref, recordingSink(), never);
    expect(readFileSync(harness.path(attempt.ref, 'stdout'), 'utf8')).toBe('yes\n');
    expect(harness.backend.checkResourceArgs({ env: { A: [1] }, gpus: 2 })).toEqual([
      expect.stringContaining('resourceArgs.process.env.A is [1]'),
      expect.stringContaining('resourceArgs.process.gpus is 2'),
    ]);
    expect(harness.backend.checkResourceArgs({})).toEqual([]);
  });
});
