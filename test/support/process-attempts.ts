import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attempt } from '../../activities/backends/backend.ts';
import type { AttemptOptions } from './backend-harness.ts';

/** What jobs of tests have besides their own environment. */
export const baseEnv = { PATH: '/usr/local/bin:/usr/bin:/bin' };

/** An attempt with a source of one file, `marker`. */
export function attemptOf({
  command,
  env = {},
  secrets = {},
  uid,
  run,
  n = 1,
  agent = 'laptop',
}: AttemptOptions): Attempt {
  const name = run ?? `run-${randomUUID().slice(0, 8)}`;
  return {
    ref: { entity: 'team', run: name, attempt: n, uid: uid ?? `${name}-${String(n)}` },
    agent,
    plan: {
      run: name,
      name,
      project: 'project',
      queue: 'queue',
      backend: 'process',
      requeue: { max: 5, on: [] },
      retries: 0,
      gracePeriodMs: 1_000,
      agentTimeoutMs: 600_000,
      timeoutsMs: {},
      workflowId: name,
      firstRunId: name,
      entity: 'team',
      specDigest: '0',
      source: { code: { digest: '0'.repeat(64) } },
      entrypoint: command,
      args: [],
      runConfig: {},
      env,
      secrets: Object.fromEntries(Object.entries(secrets).map(([name, { as }]) => [name, { secret: 'any', as }])),
      resourceArgs: {},
      priorityKey: 3,
      tags: [],
    },
    unpackSource: (directory) => writeFile(join(directory, 'marker'), 'unpacked'),
    secrets: () =>
      Promise.resolve(
        Object.entries(secrets).map(([variable, { as, value }]) => ({ variable, as, value: Buffer.from(value) })),
      ),
    pinned: (image) => Promise.resolve(image),
    workplace: join(tmpdir(), `relaunch-submits-${randomUUID()}`),
  };
}
