import { afterEach, beforeAll, expect, test } from 'vitest';
import type { Backend } from '../../activities/backends/backend.ts';
import { never, sh } from '../support/backend-harness.ts';
import { dockerHarness, type DockerHarness } from '../support/docker-harness.ts';
import { recordingSink } from '../support/recording-sink.ts';

let harness: DockerHarness;
let backend: Backend;
beforeAll(async () => {
  harness = await dockerHarness();
  ({ backend } = harness);
});
afterEach(() => harness.cleanup());

test.each(['0', '1000', '1000:1000', '4242'])(
  'user %s finds in each attempt what an earlier one of its run has kept',
  async (user) => {
    const run = `kept-${user.replace(':', '-')}`;
    const command = sh(
      'cat $RELAUNCH_CHECKPOINT_DIR/* 2>/dev/null; echo $RELAUNCH_ATTEMPT > $RELAUNCH_CHECKPOINT_DIR/at-$RELAUNCH_ATTEMPT',
    );
    for (const n of [1, 2, 3]) {
      const attempt = harness.attempt({ command, run, n, resourceArgs: { user } });
      await backend.submit(attempt, never);
      const sink = recordingSink();
      expect(await backend.follow(attempt.ref, sink, never)).toMatchObject({ kind: 'succeeded' });
      expect(sink.texts('stdout')).toEqual(['1', '2', '3'].slice(0, n - 1));
      await backend.release(attempt.ref, never);
    }
    expect(await backend.keeps('team')).toEqual([run]);
  },
);

test('the file system of a job may be read-only; its checkpoints are not', async () => {
  const attempt = harness.attempt({
    command: sh('touch /etc/x 2>/dev/null && echo writable; touch $RELAUNCH_CHECKPOINT_DIR/x && echo kept'),
    resourceArgs: { 'read-only': true, user: '1000' },
  });
  await backend.submit(attempt, never);
  const sink = recordingSink();
  await backend.follow(attempt.ref, sink, never);
  expect(sink.texts('stdout')).toEqual(['kept']);
});
