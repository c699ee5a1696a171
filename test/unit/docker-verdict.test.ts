import { describe, expect, test } from 'vitest';
import { endedBy, type Contact, type EndedBy } from '../../activities/backends/docker/evidence.ts';
import type { ContainerState, EngineEvent } from '../../activities/backends/docker/objects.ts';
import { isInDoubt, verdictOf } from '../../activities/backends/docker/verdict.ts';

const at = '2026-01-02T03:04:05.123456789Z';
const exited = (ExitCode: number, more: Partial<ContainerState> = {}): ContainerState => ({
  ...{ Status: 'exited', Running: false, OOMKilled: false, ExitCode, Error: '', StartedAt: at, FinishedAt: at },
  ...more,
});
const never = '0001-01-01T00:00:00Z';
const notStarted = (Error: string): ContainerState =>
  exited(127, { Status: 'created', Error, StartedAt: never, FinishedAt: never });
const oom = { OOMKilled: true };

describe('a container that ended', () => {
  test.each<[string, ContainerState, { asked?: boolean; by?: EndedBy }, object]>([
    ['with 0', exited(0), {}, { kind: 'succeeded', exitCode: 0, at, node: 'host' }],
    ['with 0 although a child was killed for memory', exited(0, oom), {}, { kind: 'succeeded' }],
    ['with 3', exited(3), {}, { kind: 'failed', cause: 'exit-code', exitCode: 3, message: 'last words' }],
    ['with 3 in a restart', exited(3), { by: 'restart' }, { kind: 'failed', exitCode: 3 }],
    ['for memory', exited(137, oom), {}, { kind: 'failed', cause: 'out-of-memory', exitCode: 137 }],
    [
      'with 9, a child for memory',
      exited(9, oom),
      {},
      { cause: 'exit-code', message: expect.stringContaining('process that the job had started') as unknown },
    ],
    ['by its own SIGKILL', exited(137), {}, { kind: 'failed', cause: 'exit-code', exitCode: 137 }],
    ['with 143 of its own', exited(143), {}, { kind: 'failed', cause: 'exit-code', exitCode: 143 }],
    ['as we were asked', exited(143), { asked: true, by: 'restart' }, { kind: 'failed', exitCode: 143 }],
    ['with the engine', exited(143), { by: 'restart' }, { kind: 'lost', reason: 'runtime-restart', exitCode: 143 }],
    ['with the machine', exited(255), { by: 'restart' }, { kind: 'lost', reason: 'runtime-restart', exitCode: 255 }],
    [
      'by docker kill',
      exited(137),
      { by: 'somebody' },
      { kind: 'lost', reason: 'deleted-externally', message: expect.stringContaining('SIGKILL') as unknown },
    ],
    [
      'before it began: no such program',
      notStarted('exec: "trian.py": executable file not found in $PATH'),
      {},
      { kind: 'failed', cause: 'invalid-config', message: 'exec: "trian.py": executable file not found in $PATH' },
    ],
    [
      'before it began: no GPU runtime',
      notStarted('could not select device driver "" with capabilities: [[gpu]]'),
      {},
      { cause: 'invalid-config', message: expect.stringMatching(/^this engine has no GPU runtime/) as unknown },
    ],
    [
      'before it began: containerd was away',
      notStarted('ttrpc: closed: unknown'),
      {},
      { kind: 'lost', reason: 'never-started' },
    ],
    ['before it began, as asked', notStarted('x'), { asked: true }, { kind: 'lost', reason: 'never-started' }],
  ])('%s', (_, state, { asked = false, by = 'itself' }, expected) => {
    const verdict = verdictOf({ state, node: 'host', asked, by, lastWords: 'last words' });
    expect(verdict).toMatchObject(expected);
    expect(Number.isNaN(Date.parse(verdict.at))).toBe(false);
  });

  test.each([
    [137, false, true],
    [137, true, false],
    [143, false, true],
    [255, false, true],
    [1, false, false],
  ])('exit code %i, for memory %s: who ended it is asked: %s', (code, OOMKilled, inDoubt) => {
    expect(isInDoubt(exited(code, { OOMKilled }))).toBe(inDoubt);
  });
});

const event = (Action: string, Attributes: Record<string, string> = {}, ID = 'ours'): EngineEvent => ({
  ...{ Type: 'container', Action, Actor: { ID, Attributes }, timeNano: 0 },
});
const [start, die] = [event('start'), event('die')];
const [term, kill, usr1] = ['15', '9', '10'].map((signal) => event('kill', { signal }));
const otherStart = event('start', {}, 'other');
const fullOf = (...events: (EngineEvent | undefined)[]) => [
  ...Array.from({ length: 256 }, () => event('exec_die', {}, 'other')),
  ...events.filter((one) => one !== undefined),
];

test.each<[string, (EngineEvent | undefined)[], Contact, EndedBy]>([
  ['the same engine, nobody asked', [start, die], 'kept', 'itself'],
  ['the same engine, a signal that ends nothing', [start, usr1, die], 'kept', 'itself'],
  ['the same engine, docker stop', [start, term, die], 'kept', 'somebody'],
  ['the same engine, docker kill', [start, kill, die], 'none', 'somebody'],
  ['the same engine, a connection that broke', [start, die], 'lost', 'itself'],
  ['another engine, which knows of no end', [], 'kept', 'restart'],
  ['another engine, which knows of no end, nobody there', [], 'none', 'restart'],
  ['another engine, which ended what it found', [term, die], 'lost', 'restart'],
  ['another engine, which ended what it found, nobody there', [term, die], 'none', 'restart'],
  ['another engine that had kept it, its own end', [die], 'kept', 'itself'],
  ['another engine that had kept it, docker stop', [term, die], 'kept', 'somebody'],
  ['another engine that did more before docker stop, nobody there', [otherStart, term, die], 'none', 'somebody'],
  ['an engine that has forgotten all', fullOf(), 'kept', 'itself'],
  ['an engine that has forgotten all and was away', fullOf(), 'lost', 'restart'],
  ['an engine that has forgotten the start, its own end', fullOf(die), 'lost', 'itself'],
  ['an engine that has forgotten the start, docker stop, nobody there', fullOf(term, die), 'none', 'somebody'],
])('who ended a container: %s', (_, events, contact, expected) => {
  const known = events.filter((one) => one !== undefined);
  expect(endedBy([event('kill', { signal: '9' }, 'other'), ...known], 'ours', contact)).toBe(expected);
});
