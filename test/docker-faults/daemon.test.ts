import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Attempt } from '../../activities/backends/backend.ts';
import { never, sh } from '../support/backend-harness.ts';
import { shutDownEngine } from '../support/docker-daemon.ts';
import { dockerHarness, upOwnDocker, type DockerHarness } from '../support/docker-harness.ts';
import { failsAs } from '../support/fails-as.ts';
import { recordingSink, type RecordingSink } from '../support/recording-sink.ts';

let harness: DockerHarness;
let gate: string;
beforeEach(async () => {
  harness = await dockerHarness();
  gate = await mkdtemp(join(tmpdir(), 'relaunch-gate-'));
});
afterEach(async () => {
  await upOwnDocker();
  await harness.cleanup();
  await rm(gate, { recursive: true });
});

/** Until a file is there. */
const until = (file: string): string => `until [ -e /gate/${file} ]; do sleep 0.05; done`;
const open = (file: string): Promise<void> => writeFile(join(gate, file), '');
const gated = (script: string): Promise<Attempt> =>
  harness.start({ command: sh(script), resourceArgs: { volume: `${gate}:/gate` } });

/** Waits for a line of stdout. */
const said = (sink: RecordingSink, line: string) =>
  expect.poll(() => sink.texts('stdout'), { timeout: 20_000 }).toContain(line);
const lost = expect.stringMatching(/^relaunch: the connection to the Docker engine was lost/) as unknown;

test.each([
  [3, { kind: 'failed', cause: 'exit-code', exitCode: 3 }],
  [0, { kind: 'succeeded' }],
])('a container that ends with %i while the engine is down has that exit code', async (code, expected) => {
  const { ref } = await gated(`echo before; ${until('out')}; echo meanwhile > /gate/ended; exit ${String(code)}`);
  const sink = recordingSink();
  const verdict = harness.backend.follow(ref, sink, never);
  await said(sink, 'before');
  await harness.testbed.kill('dockerd');
  await open('out');
  await expect.poll(() => existsSync(join(gate, 'ended')), { timeout: 10_000 }).toBe(true);
  await upOwnDocker();
  expect(await verdict).toMatchObject(expected);
  expect(sink.texts('stdout')).toEqual(['before']);
});

test('a job that writes more than pipes hold waits for the engine, and loses nothing', async () => {
  const { ref } = await gated(`echo before; ${until('on')}; seq 1 100000; exit 6`);
  const sink = recordingSink();
  const verdict = harness.backend.follow(ref, sink, never);
  await said(sink, 'before');
  await harness.testbed.kill('dockerd');
  await open('on');
  await upOwnDocker();
  expect(await verdict).toMatchObject({ exitCode: 6 });
  expect(sink.texts('stderr')).toContainEqual(lost);
  expect(sink.texts('stdout').slice(1).map(Number)).toEqual(Array.from({ length: 100_000 }, (_, i) => i + 1));
});

test('an engine that is shut down while nobody follows ends its containers: lost by a restart', async () => {
  const { ref } = await harness.start({
    command: sh('echo ready; trap "exit 143" TERM; while :; do sleep 0.05; done'),
  });
  const sink = recordingSink();
  const stop = new AbortController();
  const following = harness.backend.follow(ref, sink, stop.signal).catch(() => undefined);
  await said(sink, 'ready');
  stop.abort();
  await following;
  await shutDownEngine(harness);
  await upOwnDocker();
  const verdict = await harness.again().follow(ref, sink, never);
  expect(verdict).toMatchObject({ kind: 'lost', reason: 'runtime-restart', exitCode: 143 });
  expect(sink.texts('stdout')).toEqual(['ready']);
});

test('a long line comes whole, also one that its follower died in, and one of more than 64 KiB in pieces', async () => {
  const long = 'head -c 60000 /dev/zero | tr "\\0" a; echo';
  const { ref } = await gated(`echo ready; ${long}; ${until('on')}; ${long}; head -c 200000 /dev/zero | tr "\\0" b`);
  const sink = recordingSink();
  const stop = new AbortController();
  const following = harness.backend.follow(ref, sink, stop.signal).catch(() => undefined);
  await expect.poll(() => sink.lines.length, { timeout: 20_000 }).toBe(2);
  stop.abort();
  await following;
  sink.forgetBut(1);
  await open('on');
  await harness.backend.follow(ref, sink, never);
  const [, first, second, ...pieces] = sink.texts('stdout');
  expect([first, second]).toEqual(['a'.repeat(60_000), 'a'.repeat(60_000)]);
  expect(pieces.join('')).toBe('b'.repeat(200_000));
  expect(Math.max(...pieces.map((piece) => piece.length))).toBe(65_536);
});

test('an engine that is away is said to be, by name, and is nobody else’s business', async () => {
  const away = harness.again({ host: `unix://${gate}/none.sock` });
  expect(await away.list('laptop')).toEqual([]);
  expect(await away.keeps('team')).toEqual([]);
  const checked = away.check({}, never);
  await expect(checked).rejects.toEqual(failsAs('BackendUnavailable'));
  await expect(checked).rejects.toThrow(`${gate}/none.sock cannot be reached`);
});
