import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { never, sh } from '../support/backend-harness.ts';
import { processHarness, type ProcessHarness } from '../support/process-harness.ts';
import { pidsOf } from '../support/process-pids.ts';
import type { SubmitterOptions } from '../support/process-submitter.ts';

const submitter = fileURLToPath(new URL('../support/process-submitter.ts', import.meta.url));
const waiting = 'echo started; trap "exit 0" TERM; while :; do sleep 0.05; done';

let harness: ProcessHarness;
beforeEach(async () => {
  harness = await processHarness();
});
afterEach(() => harness.cleanup());

async function runSubmitter(options: Omit<SubmitterOptions, 'home'>): Promise<NodeJS.Signals | number | null> {
  const child = spawn(process.execPath, [submitter, JSON.stringify({ home: harness.home, ...options })], {
    stdio: 'inherit',
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal ?? code;
}

describe('processes that die', { timeout: 60_000 }, () => {
  test.each(['process:attempt-recorded', 'process:unpacked', 'process:spawned'])(
    'an agent that is killed at %s and comes back runs the job once',
    async (dieAt) => {
      const options = { command: sh(waiting), run: 'killed' };
      const attempt = harness.attempt(options);
      expect(await runSubmitter({ attempt: options, dieAt })).toBe('SIGKILL');
      expect(await runSubmitter({ attempt: options })).toBe(0);
      await harness.started(attempt.ref);
      await harness.backend.stop(attempt.ref, 10_000, never);
      const { sink, verdict } = await harness.followed(attempt.ref);
      expect(sink.texts('stdout')).toEqual(['started']);
      expect(verdict).toMatchObject({ kind: 'succeeded' });
      expect(pidsOf(attempt.ref)).toEqual([]);
    },
  );

  test('the exit code of a job that ends while no agent is alive is kept', async () => {
    const options = { command: sh('sleep 0.3; echo done; exit 9'), run: 'alone' };
    const { ref } = harness.attempt(options);
    expect(await runSubmitter({ attempt: options })).toBe(0);
    await expect.poll(() => pidsOf(ref), { timeout: 10_000 }).toEqual([]);
    const { sink, verdict } = await harness.followed(ref);
    expect(verdict).toMatchObject({ kind: 'failed', exitCode: 9, node: 'test-host' });
    expect(sink.texts('stdout')).toEqual(['done']);
  });

  test('a recorded attempt that nobody starts is lost, and cannot start after that', async () => {
    const options = { command: sh(waiting), run: 'abandoned' };
    const attempt = harness.attempt(options);
    await runSubmitter({ attempt: options, dieAt: 'process:unpacked' });
    const { verdict } = await harness.followed(attempt.ref);
    expect(verdict).toMatchObject({ kind: 'lost', reason: 'never-started' });
    await harness.backend.submit(attempt, never);
    expect(pidsOf(attempt.ref)).toEqual([]);
    expect(readFileSync(harness.path(attempt.ref, 'pid'), 'utf8').trim()).toBe('0');
  });
});
