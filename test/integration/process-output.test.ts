import { statSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Sink } from '../../activities/backends/backend.ts';
import { longestLine, takeLines } from '../../activities/backends/process/lines.ts';
import { never, sh } from '../support/backend-harness.ts';
import { processHarness, type ProcessHarness } from '../support/process-harness.ts';
import { recordingSink } from '../support/recording-sink.ts';

const mebibyte = 1024 * 1024;

let harness: ProcessHarness;
beforeEach(async () => {
  harness = await processHarness();
});
afterEach(() => harness.cleanup());

async function linesOf(script: string) {
  const attempt = harness.attempt({ command: sh(script) });
  await harness.backend.submit(attempt, never);
  const sink = recordingSink();
  await harness.backend.follow(attempt.ref, sink, never);
  return sink;
}

describe('output of jobs', { timeout: 60_000 }, () => {
  test('a line of 100 KiB comes in two pieces, whether or not it ends', async () => {
    const line = `head -c 102400 /dev/zero | tr '\\0' a`;
    const sink = await linesOf(`${line}; echo; ${line}`);
    expect(sink.texts('stdout').map((text) => text.length)).toEqual([65_536, 36_864, 65_536, 36_864]);
  });

  test('binary output ends up as text, and later lines are whole', async () => {
    const sink = await linesOf('head -c 300000 /dev/urandom; echo; echo after');
    expect(sink.texts('stdout').at(-1)).toBe('after');
  });

  test('a progress bar without newlines is kept', async () => {
    const sink = await linesOf(`printf '10%%\\r20%%\\r30%%'`);
    expect(sink.texts('stdout')).toEqual(['10%\r20%\r30%']);
  });

  test('the same lines are found wherever the chunks end', () => {
    const around = fc.constantFrom(longestLine - 1, longestLine, longestLine + 1, longestLine + 2, 3);
    const piece = fc.oneof(
      fc.constantFrom('', 'a', 'ä€😀', '\r'),
      around.map((n) => 'x'.repeat(n)),
      around.map((n) => '€'.repeat(Math.ceil(n / 3))),
    );
    const written = fc.array(fc.tuple(piece, fc.constantFrom('\n', '\r\n', '')), { maxLength: 8 });
    fc.assert(
      fc.property(written, fc.array(fc.integer({ min: 1, max: 90_000 }), { maxLength: 12 }), (lines, growth) => {
        const all = Buffer.from(lines.flat().join(''));
        const whole = [...takeLines(all, true)].map(({ text }) => text);
        const found: string[] = [];
        let offset = 0;
        let size = 0;
        for (const step of [...growth, all.length]) {
          size = Math.min(all.length, size + step);
          const last = size === all.length;
          for (const { text, bytes } of takeLines(all.subarray(offset, size), last)) {
            found.push(text);
            offset += bytes;
          }
          if (last) break;
        }
        expect(found).toEqual(whole);
        expect(offset).toBe(all.length);
        expect(whole.every((text) => Buffer.byteLength(text) <= longestLine)).toBe(true);
      }),
    );
  });

  test('a flood does not fill memory, says what was left out, and its last words are kept', async () => {
    const attempt = harness.attempt({ command: sh('yes & sleep 2; kill $!; wait; echo end') });
    await harness.backend.submit(attempt, never);
    const before = process.memoryUsage().rss;
    let [memory, last, skipped] = [0, '', 0];
    const sink: Sink = {
      cursor: undefined,
      observed: () => undefined,
      hides: () => undefined,
      keep: (firsts) => Promise.resolve(firsts),
      line({ m, s }) {
        if (s === 'stdout') last = m;
        skipped += Number(/^relaunch: (\d+) bytes of output skipped$/.exec(m)?.[1] ?? 0);
        return Promise.resolve();
      },
    };
    const watch = setInterval(() => {
      memory = Math.max(memory, process.memoryUsage().rss - before);
    }, 10);
    await harness.backend.follow(attempt.ref, sink, never);
    clearInterval(watch);
    expect(last).toBe('end');
    expect(skipped).toBeGreaterThan(64 * mebibyte);
    expect(memory).toBeLessThan(200 * mebibyte);
  });

  test('a long log that was read and kept is emptied, and goes on without loss, also after a restart', async () => {
    const megabytes = 'for i in $(seq 40); do head -c 1048575 /dev/zero | tr "\\0" a; echo; done';
    const wait = (name: string): string => `while [ ! -e ${name} ]; do sleep 0.02; done`;
    const attempt = harness.attempt({
      command: sh([megabytes, wait('more'), megabytes, wait('go'), 'echo end'].join('; ')),
    });
    await harness.backend.submit(attempt, never);
    const size = (): number => statSync(harness.path(attempt.ref, 'stdout')).size;
    const go = (name: string): void => {
      writeFileSync(harness.path(attempt.ref, 'source', name), '');
    };
    const stop = new AbortController();
    const sink = recordingSink();
    const following = harness.backend.follow(attempt.ref, sink, stop.signal);
    await expect.poll(() => sink.lines.length, { timeout: 30_000 }).toBe(40 * 16);
    go('more');
    await expect.poll(() => sink.lines.length, { timeout: 30_000 }).toBe(80 * 16);
    await expect.poll(size, { timeout: 30_000 }).toBeLessThan(64 * mebibyte);
    stop.abort(new Error('the agent was restarted'));
    await expect(following).rejects.toThrow('restarted');
    go('go');
    expect(await harness.again().follow(attempt.ref, sink, never)).toMatchObject({ kind: 'succeeded' });
    expect(sink.texts('stdout').slice(80 * 16)).toEqual(['end']);
    expect(sink.texts('stderr')).toEqual([]);
  });
});
