import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { AttemptRef, Backend, Verdict } from '../../activities/backends/backend.ts';
import { createProcessBackend, type ProcessBackendOptions } from '../../activities/backends/process/process-backend.ts';
import { never, type BackendHarness } from './backend-harness.ts';
import { attemptOf, baseEnv } from './process-attempts.ts';
import { pidsOf } from './process-pids.ts';
import { recordingSink, type RecordingSink } from './recording-sink.ts';

export interface ProcessHarness extends BackendHarness {
  home: string;
  /** Another backend over the same home: the agent after its restart. */
  again(options?: Partial<ProcessBackendOptions>): Backend;
  /** Where the attempt is, or a file of it. */
  path(ref: AttemptRef, ...file: string[]): string;
  /** Resolves when the job has said `started`. */
  started(ref: AttemptRef): Promise<void>;
  /** Follows the attempt to its end with another backend, from its first line. */
  followed(ref: AttemptRef): Promise<{ sink: RecordingSink; verdict: Verdict }>;
}

/** A process backend in a fresh home, and its attempts. Linux only: it counts in /proc. */
export async function processHarness(options: Partial<ProcessBackendOptions> = {}): Promise<ProcessHarness> {
  const home = await mkdtemp(join(tmpdir(), 'relaunch-process-'));
  const made = new Map<string, AttemptRef>();
  const again: ProcessHarness['again'] = (more) =>
    createProcessBackend({ home, baseEnv, node: 'test-host', pollMs: 20, ...options, ...more });
  const backend = again();
  const path: ProcessHarness['path'] = (ref, ...file) =>
    join(home, 'process', ref.entity, ref.run, `a${String(ref.attempt)}`, ...file);
  return {
    home,
    backend,
    again,
    attempt(wanted) {
      const attempt = attemptOf(wanted);
      made.set(JSON.stringify(attempt.ref), attempt.ref);
      return attempt;
    },
    countAlive: (ref) => Promise.resolve(pidsOf(ref).length),
    path,
    started: (ref) =>
      expect.poll(() => readFileSync(path(ref, 'stdout'), 'utf8'), { timeout: 10_000 }).toContain('started'),
    async followed(ref) {
      const sink = recordingSink();
      return { sink, verdict: await again().follow(ref, sink, never) };
    },
    async cleanup() {
      for (const ref of made.values()) await backend.release(ref, never);
      await rm(home, { recursive: true, force: true });
    },
  };
}
