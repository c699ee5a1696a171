import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AttemptRef } from '../../activities/backends/backend.ts';
import { linux } from '../../activities/backends/process/platform-linux.ts';
import { never, sh } from '../support/backend-harness.ts';
import { processHarness, type ProcessHarness } from '../support/process-harness.ts';
import { isRunning, pidsOf } from '../support/process-pids.ts';
import { recordingSink } from '../support/recording-sink.ts';

const waiting = 'echo started; trap "exit 0" TERM; while :; do sleep 0.05; done';

let harness: ProcessHarness;
beforeEach(async () => {
  harness = await processHarness();
});
afterEach(() => harness.cleanup());

const wrapperOf = (ref: AttemptRef): number => Number(readFileSync(harness.path(ref, 'pid'), 'utf8'));

describe('the processes of a job', { timeout: 60_000 }, () => {
  test.each([
    ['the wrapper alone', (pid: number) => process.kill(pid, 'SIGKILL')],
    ['the whole group', (pid: number) => process.kill(-pid, 'SIGKILL')],
  ])(
    'a job whose exit code nobody can tell, since %s was killed, is lost and nothing of it goes on',
    async (_, kill) => {
      const attempt = harness.attempt({ command: sh(waiting) });
      await harness.backend.submit(attempt, never);
      await harness.started(attempt.ref);
      const following = harness.followed(attempt.ref);
      kill(wrapperOf(attempt.ref));
      expect((await following).verdict).toMatchObject({ kind: 'lost', reason: 'vanished' });
      expect(pidsOf(attempt.ref)).toEqual([]);
    },
  );

  test('a job that a restart of the machine ended is lost by the restart', async () => {
    const attempt = harness.attempt({ command: sh(waiting) });
    await harness.backend.submit(attempt, never);
    await harness.started(attempt.ref);
    process.kill(-wrapperOf(attempt.ref), 'SIGKILL');
    const restarted = harness.again({ platform: { ...linux, bootId: () => Promise.resolve('another boot') } });
    expect(await restarted.follow(attempt.ref, recordingSink(), never)).toMatchObject({ reason: 'runtime-restart' });
  });

  test('children that a finished job left are killed, in its group and outside of it', async () => {
    const script = '(trap "" TERM; sleep 300) & setsid sleep 300 & exit 0';
    const attempt = harness.attempt({ command: sh(script) });
    await harness.backend.submit(attempt, never);
    const { verdict } = await harness.followed(attempt.ref);
    expect(verdict).toMatchObject({ kind: 'succeeded' });
    expect(pidsOf(attempt.ref)).toEqual([]);
  });

  test('children that left the group of a job that is stopped are killed too', async () => {
    const attempt = harness.attempt({ command: sh(`setsid sleep 300 & ${waiting}`) });
    await harness.backend.submit(attempt, never);
    await harness.started(attempt.ref);
    await harness.backend.stop(attempt.ref, 10_000, never);
    expect(pidsOf(attempt.ref)).toEqual([]);
    expect((await harness.followed(attempt.ref)).verdict).toMatchObject({ kind: 'succeeded' });
  });

  test('a job whose wrapper has begun when it is stopped, but not the job itself, does not begin', async () => {
    const attempt = harness.attempt({ command: sh('echo started') });
    mkdirSync(harness.path(attempt.ref), { recursive: true });
    writeFileSync(harness.path(attempt.ref, 'stopping'), '');
    await harness.backend.submit(attempt, never);
    const { sink, verdict } = await harness.followed(attempt.ref);
    expect(verdict).toMatchObject({ kind: 'failed', exitCode: 143 });
    expect(sink.lines).toEqual([]);
  });

  test('a job that is stopped in the moment it starts does not miss the request', async () => {
    for (let i = 0; i < 20; i++) {
      const attempt = harness.attempt({ command: ['sleep', '300'] });
      const submitted = harness.backend.submit(attempt, never);
      await expect.poll(() => existsSync(harness.path(attempt.ref, 'pid')), { interval: 0 }).toBe(true);
      const began = performance.now();
      await harness.backend.stop(attempt.ref, 10_000, never);
      expect(performance.now() - began).toBeLessThan(5_000);
      await submitted;
      expect((await harness.followed(attempt.ref)).verdict).toMatchObject({ kind: 'failed', exitCode: 143 });
    }
  });

  test.each([
    ['unrelated', (pid: number) => String(pid)],
    ['every process there is', () => '1'],
    ['a negative', () => '-1'],
  ])('a process id that by now is that of %s process is never signalled', async (_, pid) => {
    const stranger = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    try {
      const attempt = harness.attempt({ command: sh(waiting) });
      mkdirSync(harness.path(attempt.ref), { recursive: true });
      const record = { ref: attempt.ref, agent: attempt.agent, bootId: await linux.bootId(), createdAt: '' };
      writeFileSync(harness.path(attempt.ref, 'attempt.json'), JSON.stringify(record));
      writeFileSync(harness.path(attempt.ref, 'pid'), pid(stranger.pid ?? 0));
      expect(await harness.backend.list(attempt.agent)).toEqual([{ ref: attempt.ref, live: false }]);
      expect(await harness.followed(attempt.ref)).toMatchObject({ verdict: { kind: 'lost' } });
      await harness.backend.stop(attempt.ref, 1_000, never);
      await harness.backend.release(attempt.ref, never);
      expect(isRunning(stranger.pid ?? 0)).toBe(true);
    } finally {
      stranger.kill('SIGKILL');
    }
  });
});
