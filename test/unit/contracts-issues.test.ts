import { expect, test } from 'vitest';
import { fieldIssue, formatIssues } from '../../contracts/issues.ts';

test('issues are one line each: where, what stood there, what is allowed', () => {
  const value = { requeue: { max: 9 }, tags: ['a', ''] };
  const issues = [
    fieldIssue(['requeue', 'max'], value, 'at most 5'),
    fieldIssue(['tags', 1], value, 'not empty'),
    fieldIssue(['queue'], value, 'the name of a queue'),
    fieldIssue([], 7, 'a map'),
  ];
  expect(formatIssues(issues)).toBe(
    'requeue.max is 9: at most 5\ntags.1 is "": not empty\nqueue is missing: the name of a queue\nit is 7: a map',
  );
});

test('a long value is cut to 80 characters', () => {
  const { value } = fieldIssue(['name'], { name: 'a'.repeat(500) }, '');
  expect(value).toHaveLength(80);
  expect(value).toMatch(/^"a{78}…$/);
});

test.each(['constructor', '__proto__', 'toString'])('what every object inherits as %s does not stand there', (key) => {
  expect(fieldIssue([key], {}, '').value).toBeUndefined();
});

test('control characters of a value do not reach the terminal', () => {
  expect(formatIssues([fieldIssue(['name'], { name: '\u001b[2J' }, '')])).not.toContain('\u001b');
});
