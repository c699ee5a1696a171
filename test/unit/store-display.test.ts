import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forDisplay } from '../../store/display.ts';

test.each([
  ['plain text, ü, 数据, 🚀', 'plain text, ü, 数据, 🚀'],
  ['tab\tkept', 'tab\tkept'],
  ['\u001b[1;31mred\u001b[0m', 'red'],
  ['\u001b[2J\u001b[H\u001b[?25lcleared', 'cleared'],
  ['\u001b[38:2::255:0:0mtrue colour', 'true colour'],
  ['\u001b]0;title\u0007after', 'after'],
  ['\u001b]8;;https://example.com\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['\u001b]52;c;c2VjcmV0\u0007clipboard', 'clipboard'],
  ['\u001bPdevice\u001b\\control', 'control'],
  ['\u009b31mone byte\u009d0;t\u009c', 'one byte'],
  ['\u001bcreset\u001b(Bset\u001b7save', 'resetsetsave'],
  ['bell\u0007 null\u0000 del\u007f nel\u0085', 'bell null del nel'],
  ['two\nlines', 'twolines'],
  ['windows\r', 'windows'],
  [' 10%\r 20%\r 30%', ' 10%  20%  30%'],
  ['cut off \u001b[31', 'cut off [31'],
  ['cut off \u001b', 'cut off '],
])('%j is shown as %j', (text, shown) => {
  expect(forDisplay(text)).toBe(shown);
});

test('whatever comes, no control character but tabs is shown, and showing twice changes nothing', () => {
  const unit = fc.constantFrom(...Array.from('\u001b\u009b\u009d\u0090[]P;0m\\\u0007\u0000\r\n\t(c7a ü'));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit, maxLength: 60 })), (text) => {
      const shown = forDisplay(text);
      expect(shown.replaceAll('\t', '')).not.toMatch(/\p{Cc}/u);
      expect(forDisplay(shown)).toBe(shown);
    }),
    { numRuns: 500 },
  );
});

test('a hostile line of a mebibyte is no work', () => {
  const started = performance.now();
  for (const piece of ['\u001b]', '\u001b[', '\u001b[1;', '\u009d0;', '\r', '\u001b ', '\u009b0 ']) {
    forDisplay(piece.repeat(200_000));
    forDisplay(`${piece.repeat(200_000)}x`);
  }
  expect(performance.now() - started).toBeLessThan(2_000);
});
