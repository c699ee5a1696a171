import { randomInt } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { never, sh, untilTerm, type ContractTools } from './backend-harness.ts';
import { recordingSink, type RecordingSink } from './recording-sink.ts';

/** A shell may have its own word for the end of a child. */
const killedBy = (signal: string): unknown =>
  expect.stringMatching(new RegExp(`^the job was ended by ${signal}$|^(Killed|Terminated)`));

/** How jobs end, as a backend tells it. */
export function endings({ harness, start }: ContractTools): void {
  test.each([
    ['exit 0', { kind: 'succeeded', exitCode: 0 }],
    ['exit 3', { kind: 'failed', cause: 'exit-code', exitCode: 3 }],
    ['exit 143', { kind: 'failed', cause: 'exit-code', exitCode: 143 }],
    ['sh -c "kill -KILL \\$\\$"; exit $?', { kind: 'failed', exitCode: 137, message: killedBy('SIGKILL') }],
    ['sh -c "kill -TERM \\$\\$"; exit $?', { kind: 'failed', exitCode: 143, message: killedBy('SIGTERM') }],
    ['echo no data in /mnt >&2; exit 1', { exitCode: 1, message: 'no data in /mnt' }],
  ])('a job that ends with "%s" is told so', async (script, expected) => {
    const sink = recordingSink();
    const { ref } = await start({ command: sh(script) });
    const verdict = await harness().backend.follow(ref, sink, never);
    expect(verdict).toMatchObject(expected);
    expect(Number.isNaN(Date.parse(verdict.at))).toBe(false);
    expect(sink.phases.filter(({ phase }) => phase === 'running')).toHaveLength(1);
    expect(await harness().countAlive(ref)).toBe(0);
  });

  test('an attempt that was never submitted is lost as never started', async () => {
    const { ref } = harness().attempt({ command: sh('exit 0') });
    const verdict = await harness().backend.follow(ref, recordingSink(), never);
    expect(verdict).toMatchObject({ kind: 'lost', reason: 'never-started' });
  });
}

/** What jobs say, and what they are told. */
export function output({ harness, start }: ContractTools): void {
  /** The lines of one stream, also where both are one. */
  const said = (sink: RecordingSink, stream: 'stdout' | 'stderr', others: RegExp): string[] =>
    harness().mergesStreams === true ? sink.texts('stdout').filter((line) => !others.test(line)) : sink.texts(stream);

  test('lines come in order, each stream by itself, the last one without a newline too', async () => {
    const sink = recordingSink();
    const { ref } = await start({
      // Where the two streams are one, what comes behind a line without its newline is part of that line: nothing is to.
      command: sh('for i in 1 2 3; do echo out $i; echo err $i >&2; done; sleep 2; printf "\\r\\nend"'),
    });
    await harness().backend.follow(ref, sink, never);
    expect(said(sink, 'stdout', /^err/)).toEqual(['out 1', 'out 2', 'out 3', '', 'end']);
    expect(said(sink, 'stderr', /^out|^$|^end/)).toEqual(['err 1', 'err 2', 'err 3']);
  });

  test('followers that die at any line lose and double nothing', async () => {
    const script = 'for i in $(seq 1 300); do echo out $i; echo err $i >&2; [ $((i % 50)) -ne 0 ] || sleep 0.05; done';
    const { ref } = await start({ command: sh(script) });
    let stop = new AbortController();
    let dieAt = 0;
    const sink = recordingSink((count) => {
      if (count >= dieAt) stop.abort();
    });
    for (let ended = false; !ended;) {
      stop = new AbortController();
      dieAt = sink.lines.length + randomInt(1, 120);
      ended = await harness()
        .backend.follow(ref, sink, stop.signal)
        .then(
          () => true,
          () => false,
        );
      if (!ended) sink.forgetBut(Math.max(0, sink.lines.length - randomInt(0, 30)));
    }
    const numbers = Array.from({ length: 300 }, (_, i) => i + 1);
    expect(said(sink, 'stdout', /^err/)).toEqual(numbers.map((i) => `out ${String(i)}`));
    expect(said(sink, 'stderr', /^out/)).toEqual(numbers.map((i) => `err ${String(i)}`));
  });

  test('a job finds what describes its run, and nothing of the agent', async () => {
    vi.stubEnv('AGENTS_OWN_SECRET', 'hunter2');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const sink = recordingSink();
    const { ref } = await start({ command: ['env'], env: { GREETING: 'hello  "world" $HOME' }, n: 2 });
    await harness().backend.follow(ref, sink, never);
    const env = sink.texts('stdout');
    expect(env).toEqual(
      expect.arrayContaining([
        `RELAUNCH_RUN_ID=${ref.run}`,
        'RELAUNCH_ATTEMPT=2',
        'RELAUNCH_RESUMED=1',
        `WANDB_RUN_ID=${ref.run}`,
        'WANDB_LAUNCH=True',
        'WANDB_RESUME=allow',
        'GREETING=hello  "world" $HOME',
      ]),
    );
    expect(env.join('\n')).not.toContain('hunter2');
  });

  test('a follower that is called off leaves at once, and the job goes on', async () => {
    const { ref } = await start({ command: untilTerm(0) });
    const stop = new AbortController();
    const following = harness().backend.follow(
      ref,
      recordingSink(() => {
        stop.abort(new Error('called off'));
      }),
      stop.signal,
    );
    await expect(following).rejects.toThrow('called off');
    expect(await harness().countAlive(ref)).toBeGreaterThan(0);
  });
}

/** What backends do whose agent looks secrets up. */
export function secrets({ harness, start }: ContractTools): void {
  test('a job is given its secrets, each as it is wanted, and whoever follows is told first what to hide', async () => {
    const given = {
      TOKEN: { as: 'file' as const, value: 'file-secret\n' },
      KEY: { as: 'env' as const, value: 'env-secret' },
    };
    const { ref } = await start({ command: sh('cat $TOKEN_FILE; echo $TOKEN$KEY$KEY_FILE'), secrets: given });
    const [first, second] = [recordingSink(), recordingSink()];
    expect(await harness().backend.follow(ref, first, never)).toMatchObject({ kind: 'succeeded' });
    await harness().backend.follow(ref, second, never);
    for (const sink of [first, second]) {
      expect(sink.texts('stdout')).toEqual(['file-secret', 'env-secret']);
      expect([...sink.hidden].sort()).toEqual(['env-secret', 'file-secret\n']);
    }
    await harness().backend.release(ref, never);
    expect(await harness().backend.list('laptop')).toEqual([]);
  });
}
