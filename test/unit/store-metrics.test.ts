import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { metricsSummary } from '../../contracts/run-result.ts';
import { openLogWriter } from '../../store/log-writer.ts';
import { metricsIn } from '../../store/metrics.ts';
import { attempt, logScratch, never, out, run, storedMetrics } from '../support/log-scratch.ts';

const { newStore, remove } = await logScratch();
afterAll(remove);

async function summaryOf(lines: string[], s: 'stdout' | 'stderr' = 'stdout') {
  const store = await newStore();
  const writer = await openLogWriter(store, run, attempt, never);
  for (const [i, m] of lines.entries()) await writer.line({ ...out(m, i), s }, String(i));
  const summary = await writer.end();
  expect((await openLogWriter(store, run, attempt, never)).summary()).toEqual(summary);
  return { summary, points: await storedMetrics(store) };
}

test.each([
  ['{"epoch": 3, "loss": 0.42}', { epoch: 3, loss: 0.42 }],
  ['  {"loss": 1, "note": "x", "nested": {"a": 1}, "list": [1], "ok": true, "none": null}  ', { loss: 1 }],
  ['{"huge": 1e999, "n": -0.5}', { n: -0.5 }],
  ['{"nan": NaN}', undefined],
  ['{"note": "no numbers"}', undefined],
  ['{}', undefined],
  ['[1, 2]', undefined],
  ['42', undefined],
  ['loss {"a": 1}', undefined],
  ['{"a": 1', undefined],
  ['{"t": 5}', undefined],
  [`{"${'x'.repeat(200)}": 1, "${'y'.repeat(201)}": 2}`, { ['x'.repeat(200)]: 1 }],
])('the metrics in %s', (text, expected) => {
  expect(metricsIn(text)).toEqual(expected);
});

test('metrics are stored with their time and summed up, also by the next writer', async () => {
  const { summary, points } = await summaryOf(['{"loss": 2, "epoch": 1}', 'text', '{"loss": 5}', '{"loss": 3}']);
  expect(summary).toEqual({ loss: { last: 3, min: 2, max: 5 }, epoch: { last: 1, min: 1, max: 1 } });
  expect(points[1]).toEqual({ t: '1970-01-01T00:00:02.000Z', values: { loss: 5 } });
});

test('standard error has no metrics', async () => {
  expect(await summaryOf(['{"loss": 2}'], 'stderr')).toEqual({ summary: {}, points: [] });
});

test('the summary keeps the first hundred metrics and goes on with those', async () => {
  const { summary } = await summaryOf([
    ...Array.from({ length: 150 }, (_, i) => `{"m${String(i)}": 1}`),
    '{"m0": 7, "m140": 7}',
  ]);
  expect(Object.keys(summary)).toHaveLength(100);
  expect(summary.m0).toEqual({ last: 7, min: 1, max: 7 });
});

test('names that mean something to JavaScript are harmless', async () => {
  const { summary } = await summaryOf([
    '{"__proto__": 1, "constructor": 2, "toString": 3, "hasOwnProperty": 4}',
    '{"__proto__": {"polluted": 1}}',
  ]);
  expect(Object.keys(summary)).toEqual(['constructor', 'toString', 'hasOwnProperty']);
  expect(Object.getPrototypeOf(summary)).toBe(Object.prototype);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  expect(metricsSummary.parse(JSON.parse(JSON.stringify(summary)))).toEqual(summary);
});

test('no line of a job breaks the reading of metrics', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      for (const value of Object.values(metricsIn(text) ?? {})) expect(Number.isFinite(value)).toBe(true);
    }),
  );
});
