import { expect, test } from 'vitest';
import type { AttemptRef } from '../../activities/backends/backend.ts';
import { ignoringTerm, never, sh, untilTerm, type ContractTools } from './backend-harness.ts';
import { failsAs } from './fails-as.ts';
import { recordingSink } from './recording-sink.ts';

/** How jobs are ended and removed. */
export function stopping({ harness, start }: ContractTools): void {
  const ready = async (ref: AttemptRef) => {
    const sink = recordingSink();
    const verdict = harness().backend.follow(ref, sink, never);
    await expect.poll(() => sink.texts('stdout'), { timeout: 20_000 }).toContain('ready');
    return { sink, verdict };
  };

  test.each([
    ['with its own exit code 0', untilTerm(0), { kind: 'succeeded' }, ['ready', 'saved']],
    ['with its own exit code 7', untilTerm(7), { kind: 'failed', exitCode: 7 }, ['ready', 'saved']],
    ['of the request, if it does nothing about it', sh('echo ready; exec sleep 300'), 'killed', ['ready']],
  ])('a job that is asked to stop ends %s', async (_, command, expected, said) => {
    const { ref } = await start({ command });
    const { sink, verdict } = await ready(ref);
    const graceMs = expected === 'killed' ? 2_000 : 20_000;
    await Promise.all([harness().backend.stop(ref, graceMs, never), harness().backend.stop(ref, graceMs, never)]);
    expect(await harness().countAlive(ref)).toBe(0);
    const killed = { kind: 'failed', exitCode: harness().isInit === true ? 137 : 143 };
    expect(await verdict).toMatchObject(typeof expected === 'string' ? killed : expected);
    expect(sink.texts('stdout')).toEqual(said);
    await harness().backend.stop(ref, 20_000, never);
  });

  test('a job that ignores the request is killed after its grace period', async () => {
    const { ref } = await start({ command: ignoringTerm });
    const { verdict } = await ready(ref);
    const began = performance.now();
    await harness().backend.stop(ref, 400, never);
    expect(performance.now() - began).toBeGreaterThanOrEqual(400);
    expect(await harness().countAlive(ref)).toBe(0);
    expect((await verdict).kind).not.toBe('succeeded');
  });

  test('a job that is stopped before it starts never starts', async () => {
    const attempt = harness().attempt({ command: sh('echo started') });
    await harness().backend.stop(attempt.ref, 1_000, never);
    await harness().backend.submit(attempt, never);
    const sink = recordingSink();
    expect(await harness().backend.follow(attempt.ref, sink, never)).toMatchObject({ reason: 'never-started' });
    expect(sink.lines).toEqual([]);
  });

  test('release ends a running job and leaves nothing, also the second time', async () => {
    const attempt = await start({ command: ignoringTerm });
    const { verdict } = await ready(attempt.ref);
    for (let i = 0; i < 2; i++) {
      await harness().backend.release(attempt.ref, never);
      expect(await harness().countAlive(attempt.ref)).toBe(0);
      expect(await harness().backend.list(attempt.agent)).toEqual([]);
    }
    expect((await verdict).kind).not.toBe('succeeded');
  });
}

/** Whose an attempt is, and that there is one of it. */
export function identity({ harness, start }: ContractTools): void {
  test('an attempt that is submitted again, and twice at once, runs once', async () => {
    const attempt = harness().attempt({
      command: sh('echo started; trap "exit 0" TERM; while :; do sleep 0.05; done'),
    });
    const submit = (): Promise<void> => harness().backend.submit(attempt, never);
    await Promise.all([submit(), submit(), submit()]);
    const sink = recordingSink();
    const verdict = harness().backend.follow(attempt.ref, sink, never);
    await expect.poll(() => sink.texts('stdout'), { timeout: 20_000 }).toEqual(['started']);
    await submit();
    await harness().backend.stop(attempt.ref, 20_000, never);
    await submit();
    expect(await verdict).toMatchObject({ kind: 'succeeded' });
    expect(sink.texts('stdout')).toEqual(['started']);
    expect(await harness().countAlive(attempt.ref)).toBe(0);
  });

  test('an attempt of the same name from another run is refused, and cannot be touched by it', async () => {
    const { ref } = await start({ command: untilTerm(0), run: 'same', uid: 'first' });
    const other = harness().attempt({ command: sh('exit 0'), run: 'same', uid: 'second' });
    await expect(harness().backend.submit(other, never)).rejects.toEqual(failsAs('AttemptRefused'));
    await expect(harness().backend.follow(other.ref, recordingSink(), never)).rejects.toEqual(
      failsAs('AttemptRefused'),
    );
    await harness().backend.stop(other.ref, 0, never);
    await harness().backend.release(other.ref, never);
    expect(await harness().countAlive(ref)).toBeGreaterThan(0);
  });

  test("an agent's attempts are listed, alive and ended, and nobody else's", async () => {
    const [ended, live] = [await start({ command: sh('exit 0') }), await start({ command: untilTerm(0) })];
    await start({ command: sh('exit 0'), agent: 'another' });
    await harness().backend.follow(ended.ref, recordingSink(), never);
    const listed = await harness().backend.list(live.agent);
    expect(listed).toHaveLength(2);
    expect(listed).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ref: ended.ref, live: false }),
        expect.objectContaining({ ref: live.ref, live: true }),
      ]),
    );
  });
}
