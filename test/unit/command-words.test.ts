import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitWords } from '../../scripts/split-words.ts';

test.each([
  ['python train.py', ['python', 'train.py']],
  ['  a\t b\n', ['a', 'b']],
  [`a 'b c' "d 'e'"`, ['a', 'b c', "d 'e'"]],
  [`a''b "" ''`, ['ab', '', '']],
  [String.raw`a\ b \"c "\"d\x\\" '\'`, ['a b', '"c', String.raw`"d\x` + '\\', '\\']],
  ['--flag="x y"z', ['--flag=x yz']],
  ['a\\\nb', ['ab']],
  ['', []],
])('%j is %j', (text, words) => {
  expect(splitWords(text)).toEqual(words);
});

test.each([`a 'b`, `"a`])('%j is refused: a quote is not closed', (text) => {
  expect(() => splitWords(text)).toThrow(/is not closed/);
});

test('a shell splits in the same way', () => {
  const texts = fc
    .array(fc.constantFrom('a', 'b', ' ', "'", '"', '\\', 'é'), { maxLength: 12 })
    .map((parts) => parts.join(''))
    .filter((text) => !text.endsWith('\\') && isClosed(text));
  fc.assert(
    fc.property(texts, (text) => {
      const shown = execFileSync('sh', ['-c', `printf '%s\\0' x ${text}`], { encoding: 'utf8' });
      expect(splitWords(text)).toEqual(shown.split('\0').slice(1, -1));
    }),
    { numRuns: 100 },
  );
});

function isClosed(text: string): boolean {
  try {
    splitWords(text);
    return true;
  } catch {
    return false;
  }
}
