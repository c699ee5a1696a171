import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matches, runQuery } from '../../client/visibility.ts';

test('every field of the filter becomes a condition', () => {
  expect(
    runQuery({
      queue: 'a100',
      state: ['queued', 'running'],
      user: 'ada',
      project: 'p',
      tag: 't',
      sweep: 's',
      query: 'A OR B',
    }),
  ).toBe(
    "WorkflowType = 'launch' AND RelaunchQueue = 'a100' AND RelaunchUser = 'ada' AND RelaunchProject = 'p' AND RelaunchTags = 't' AND RelaunchSweep = 's'" +
      " AND RelaunchState IN ('queued', 'running') AND (A OR B)",
  );
});

test.each([
  ["it's", "RelaunchProject = 'it\\'s'"],
  ["x' OR '1'='1", "RelaunchProject = 'x\\' OR \\'1\\'=\\'1'"],
  ['a"b', "RelaunchProject STARTS_WITH 'a'"],
  ['a\\', "RelaunchProject STARTS_WITH 'a'"],
])('a project called %s stays a value', (project, condition) => {
  expect(runQuery({ project })).toBe(`WorkflowType = 'launch' AND ${condition}`);
});

test('a value that cannot be asked for at all leaves it to the closer look', () => {
  expect(runQuery({ project: '"', tag: 'a"' })).toBe("WorkflowType = 'launch'");
});

test('no value closes its own quotes', () => {
  fc.assert(
    fc.property(fc.string(), (user) => {
      const rest = runQuery({ user }).slice("WorkflowType = 'launch'".length);
      expect(rest).toMatch(/^( AND RelaunchUser (=|STARTS_WITH) '([^'\\]|\\')*')?$/su);
    }),
  );
});

test('the closer look compares whole values', () => {
  const run = { queue: 'q', user: 'u', project: 'a"b', tags: ['x'], sweep: 's', job: 'p/j' };
  expect(matches(run, { project: 'a"b', tag: 'x', queue: 'q', user: 'u', sweep: 's', job: 'p/j' })).toBe(true);
  expect(matches(run, { job: 'p/k' })).toBe(false);
  expect(matches(run, { sweep: 's"' })).toBe(false);
  expect(matches(run, { project: 'a"' })).toBe(false);
  expect(matches(run, { tag: 'y' })).toBe(false);
});
