import { createContext, Script } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern } from '../../contracts/pattern.ts';

const matches = (pattern: string, text: string): boolean => compilePattern(pattern).matches(text);

/** Patterns of all that is understood, over a small alphabet. */
const pattern = fc.letrec<{ atom: string; piece: string; all: string; any: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('a', 'b', '.', '\\d', '\\w', '\\.', '[ab]', '[^a]', '[a-c0-9_.-]', '[\\]a]', '\\\\'),
    tie('any').map((inner) => `(${inner})`),
    tie('any').map((inner) => `(?:${inner})`),
  ),
  piece: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{0,2}', '{1,}', '*?'))
    .map(([atom, times]) => atom + times),
  all: fc.array(tie('piece'), { maxLength: 3 }).map((pieces) => pieces.join('')),
  any: fc.array(tie('all'), { minLength: 1, maxLength: 2 }).map((ways) => ways.join('|')),
})).any;

const asked: { source?: string; text?: string } = createContext({});
const ask = new Script('new RegExp(`^(?:${source})$`, "u").test(text)');

/** What RegExp says; undefined: it backtracks for longer than anybody wants to wait. */
function regExpSays(source: string, text: string): unknown {
  Object.assign(asked, { source, text });
  try {
    return ask.runInContext(asked, { timeout: 50 });
  } catch (error) {
    // An error of that context's own, not of this one's Error.
    if ((error as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}

test('a pattern matches what RegExp would match with it as a whole', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '0', '.', ']', '\\', '\n', 'é', '😀'), maxLength: 6 });
  fc.assert(
    fc.property(pattern, text, (source, given) => {
      const says = regExpSays(source, given);
      fc.pre(says !== undefined);
      expect(matches(source, given)).toBe(says);
    }),
    { numRuns: 2_000 },
  );
});

test.each(['(a*)*b', '(a|a)*b', '(a|aa)+$', '(.*)*x', '.*.*.*.*.*.*x', '([a-z]+)+!'])(
  '%s takes no time over what it does not match',
  (source) => {
    const before = performance.now();
    expect(matches(source, 'a'.repeat(4_000) + '?')).toBe(false);
    expect(performance.now() - before).toBeLessThan(1_000);
  },
);

test('the whole text has to match, with anchors or without', () => {
  expect(matches('v\\d+', 'v12')).toBe(true);
  expect(matches('^v\\d+$', 'v12')).toBe(true);
  for (const text of ['xv12', 'v12x', 'v12\n', '\nv12', 'v12\nv12']) {
    expect([text, matches('v\\d+', text)]).toEqual([text, false]);
    expect([text, matches('^v\\d+$', text)]).toEqual([text, false]);
  }
  expect(matches('a\\$', 'a$')).toBe(true);
});

test.each(['(', '[z-a]', '(?=a)', '(?<!a)b', '(a)\\1', '((a{99}){99}){99}', '*a', 'a'.repeat(2_000)])(
  '%s is refused',
  (source) => {
    expect(() => compilePattern(source)).toThrow(Error);
  },
);
