import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  attemptName,
  attemptUid,
  keyedWorkflowId,
  labelValue,
  newSweepId,
  newWorkflowId,
  runIdOf,
  slug,
  sweepIdOf,
} from '../../contracts/names.ts';
import { mostAttempts } from '../../contracts/requeue.ts';

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.stringMatching(/^[-a-z0-9]{0,60}$/),
);

test('any workflow id gives a run id that can name objects everywhere', () => {
  fc.assert(
    fc.property(anyText, (workflowId) => {
      const run = runIdOf(workflowId);
      expect(run).toMatch(label);
      expect(run.length).toBeLessThanOrEqual(50);
      expect(runIdOf(run)).toBe(run);
    }),
  );
});

test.each([
  ['digits-abcdefgh', 'digits-abcdefgh'],
  ['a'.repeat(50), 'a'.repeat(50)],
  ['a'.repeat(51), /^a{30}-[a-z2-7]{12}$/],
  ['Train/GPU #7', /^train-gpu-7-[a-z2-7]{12}$/],
  ['-', /^[a-z2-7]{12}$/],
  ['', /^[a-z2-7]{12}$/],
  ['../../etc/passwd', /^etc-passwd-[a-z2-7]{12}$/],
])('workflow id %j is run %s', (workflowId, run) => {
  expect(runIdOf(workflowId)).toEqual(typeof run === 'string' ? run : expect.stringMatching(run));
});

test('workflow ids that look alike are different runs', () => {
  expect(runIdOf('Train')).not.toBe(runIdOf('TRAIN'));
});

test('a new workflow id is its own run id, whatever the name', () => {
  fc.assert(
    fc.property(anyText, fc.stringMatching(/^[a-z2-7]{8}$/), (name, random) => {
      const workflowId = newWorkflowId(name, random);
      expect(runIdOf(workflowId)).toBe(workflowId);
      expect(workflowId.endsWith(random)).toBe(true);
    }),
  );
});

test('the same project and key are the same run, and only they', () => {
  expect(keyedWorkflowId('p', 'k')).toBe(keyedWorkflowId('p', 'k'));
  expect(keyedWorkflowId('p', 'k')).not.toBe(keyedWorkflowId('pk', ''));
  expect(keyedWorkflowId('a","b', 'c')).not.toBe(keyedWorkflowId('a', 'b","c'));
  fc.assert(
    fc.property(anyText, anyText, (project, key) => {
      const workflowId = keyedWorkflowId(project, key);
      expect(runIdOf(workflowId)).toBe(workflowId);
    }),
  );
});

test('the name of every attempt that a run can come to is a label value', () => {
  const most = mostAttempts({ requeue: { max: 5, on: [] }, retries: 100 });
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: most }), (workflowId, attempt) => {
      const name = attemptName(runIdOf(workflowId), attempt);
      expect(name).toMatch(label);
      expect(name.length).toBeLessThanOrEqual(63);
    }),
  );
});

test('attempts of the same name in other entities or workflows have other uids', () => {
  const uids = [
    attemptUid('a', 'run', 'first', 1),
    attemptUid('b', 'run', 'first', 1),
    attemptUid('a', 'run', 'first', 2),
    attemptUid('a', 'Run', 'first', 1),
    attemptUid('a', 'run', 'later', 1),
    attemptUid('a","run', '', 'first', 1),
  ];
  expect(new Set(uids).size).toBe(uids.length);
  for (const uid of uids) expect(uid).toMatch(/^[0-9a-f]{32}$/);
});

test('a slug has single dashes inside and none at its ends', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 0, max: 60 }), (text, length) => {
      expect(slug(text, length)).toMatch(/^([a-z0-9]+(-[a-z0-9]+)*)?$/);
      expect(slug(text, length).length).toBeLessThanOrEqual(length);
    }),
  );
});

test.each(['gpu', 'A100.eu_west-1', 'a', 'a'.repeat(63)])('%s may name a queue', (name) => {
  expect(labelValue.safeParse(name).success).toBe(true);
});

test.each(['', '.', '..', '-gpu', 'gpu-', 'a/b', '../x', 'a b', 'a\n', 'ä', 'a'.repeat(64), 7, null])(
  '%j may not name a queue',
  (name) => {
    expect(labelValue.safeParse(name).success).toBe(false);
  },
);

test.each([
  ['toy-abc', 'toy-abc'],
  ['a'.repeat(28), 'a'.repeat(28)],
])('a sweep is called as its workflow is, where ids of trials have room: %s', (workflowId, id) => {
  expect(sweepIdOf(workflowId)).toBe(id);
});

test.each(['Any Id', 'a'.repeat(29), '', 'x/../y', '-a'])(
  'the workflow id %j makes a short id of a sweep',
  (workflowId) => {
    expect(sweepIdOf(workflowId)).toMatch(/^([a-z0-9-]{1,14}-)?[a-z2-7]{12}$/);
    expect(sweepIdOf(workflowId)).not.toBe(sweepIdOf(`${workflowId}x`));
  },
);

test('a new id of a sweep is one already', () => {
  const id = newSweepId('A very long name of a sweep, with much to say', 'abcd2345');
  expect(id).toBe('a-very-long-name-of-abcd2345');
  expect(sweepIdOf(id)).toBe(id);
});
