import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RunStatus } from '../../contracts/messages.ts';
import { describeOutcome } from '../../contracts/outcome.ts';
import { renderDetails } from '../../workflows/details.ts';

const plan = { queue: 'gpu', project: 'vision' } as NonNullable<RunStatus['plan']>;
const at = '2026-01-01T00:00:00.000Z';

const status = (more: Partial<RunStatus> = {}): RunStatus => ({
  ...{ run: 'r', state: 'running', attempts: [], requeues: 0, summary: {}, progress: 'attempt 1', plan },
  ...more,
});

const failed = { kind: 'failed', cause: 'exit-code', exitCode: 3, at } as const;

test('a run is shown with its attempts and metrics', () => {
  const text = renderDetails(
    status({
      attempts: [
        {
          attempt: 1,
          startedAt: at,
          agent: 'laptop',
          node: 'n1',
          outcome: failed,
        },
        { attempt: 2, startedAt: at },
      ],
      summary: { loss: { last: 1, min: 0.5, max: 2 } },
    }),
  );
  expect(text.split('\n')).toEqual([
    ...['**running** · attempt 1 · queue gpu, project vision', ''],
    ...['| attempt | end | node | agent |', '| --- | --- | --- | --- |'],
    ...[`| 1 | ${describeOutcome(failed)} | n1 | laptop |`, '| 2 |  |  |  |', ''],
    ...['| metric | last | min | max |', '| --- | --- | --- | --- |', '| loss | 1 | 0.5 | 2 |'],
  ]);
});

test('a run without a plan has its state alone', () => {
  expect(renderDetails(status({ state: 'queued', plan: undefined }))).toBe('**queued** · attempt 1');
});

test('a run from git has its commit, as `relaunch show` says it', () => {
  const git = { url: 'https://git.example/team/digits.git', ref: 'v1.2', commit: 'c'.repeat(40) };
  expect(renderDetails(status({ job: 'vision/digits:v3', plan: { ...plan, git } })).split('\n\n')).toEqual([
    '**running** · attempt 1 · queue gpu, project vision',
    'job vision/digits:v3',
    `git https://git.example/team/digits.git v1.2 ${git.commit}`,
  ]);
});

const hostile = '<img src=x onerror=alert(1)> [a](javascript:x) ![b](//c) | `d` ***e*** # f\n\n# g\\';

test('text of a submitter is text, wherever it stands', () => {
  const text = renderDetails(
    status({
      plan: { ...plan, queue: hostile, project: hostile, git: { url: hostile, ref: hostile, commit: hostile } },
      attempts: [
        {
          attempt: 1,
          startedAt: at,
          node: hostile,
          agent: hostile,
          outcome: { kind: 'cancelled', by: hostile, reason: hostile, message: hostile, at },
        },
      ],
      summary: { [hostile]: { last: 1, min: 1, max: 1 } },
    }),
  );
  expect(text.split('\n').filter((line) => line.startsWith('#'))).toEqual([]);
  const unescaped = text.replace(/\\[^\w\s]/g, '').replace('**running**', '');
  expect(unescaped).not.toMatch(/[<>[\]`*#!\\]/);
  const cells = (line: string): number => line.replace(/\\./g, '').split('|').length;
  expect(
    text
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map(cells),
  ).toEqual([6, 6, 6, 6, 6, 6]);
});

test('a page fits, whatever is in it, and no table has more rows than lines', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', minLength: 100, maxLength: 500 }), { maxLength: 106 }),
      fc.dictionary(fc.string({ maxLength: 500 }), fc.double(), { maxKeys: 100 }),
      (messages, metrics) => {
        const text = renderDetails(
          status({
            attempts: messages.map((message, i) => ({
              ...{ attempt: i + 1, startedAt: at },
              outcome: { kind: 'lost', reason: 'vanished', at, message },
            })),
            summary: Object.fromEntries(
              Object.entries(metrics).map(([name, last]) => [name, { last, min: last, max: last }]),
            ),
          }),
        );
        expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThanOrEqual(20_000);
      },
    ),
    { numRuns: 50 },
  );
});

test.each([
  ['three bytes', '\u4e2d'],
  ['half a surrogate pair', '\ud800'],
  ['a whole one', '\u{1f600}'],
  ['a control character', '\u0001'],
  ['what JSON escapes', '"'],
  ['what markdown escapes', '|'],
])('a page full of %s fits', (_, character) => {
  const attempts = Array.from({ length: 100 }, (_gone, i) => ({
    ...{ attempt: i + 1, startedAt: at },
    outcome: { kind: 'lost' as const, reason: 'vanished' as const, at, message: `x${character.repeat(3_000)}` },
  }));
  expect(Buffer.byteLength(JSON.stringify(renderDetails(status({ attempts }))))).toBeLessThanOrEqual(20_000);
});
