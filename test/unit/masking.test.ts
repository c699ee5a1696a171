import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { masking } from '../../activities/secrets/masking.ts';

const secret = 'hf_Zq7/t+R 9"x\\kLm2';
const mask = masking([secret]);

describe('a secret is hidden', () => {
  test.each([
    ['as it is', secret, '****'],
    ['twice, amid other words', `a${secret}b ${secret}`, 'a****b ****'],
    ['in JSON', JSON.stringify({ token: secret }), '{"token":"****"}'],
    ['in a URL', `?token=${encodeURIComponent(secret)}&a=b`, '?token=****&a=b'],
    ['in a form', `?token=${encodeURIComponent(secret).replaceAll('%20', '+')}`, '?token=****'],
    ['in base64', Buffer.from(secret).toString('base64'), '****'],
    [
      'in base64 for URLs',
      `x.${Buffer.from(secret).toString('base64url')}.y`,
      expect.stringMatching(/^x\.\*{4}.?\.y$/),
    ],
  ])('%s', (_, line, expected) => {
    expect(mask(line)).toEqual(expected);
  });

  test.each(['', 'a', 'ab', 'user:'])('in base64 behind %j', (before) => {
    const line = Buffer.from(`${before}${secret} and more`).toString('base64');
    expect(mask(line)).toMatch(new RegExp(`^.{${String(Math.floor((before.length * 4) / 3))},8}[*]{4}.{12,15}$`));
  });

  test('wherever it is broken over two lines, but for the few letters of the shorter piece', () => {
    for (let at = 1; at < secret.length; at++) {
      const [one, other] = [mask(`begin ${secret.slice(0, at)}`), mask(`${secret.slice(at)} end`)];
      expect(at < 8 || one === 'begin ****', one).toBe(true);
      expect(secret.length - at < 8 || other === '**** end', other).toBe(true);
    }
  });

  test('in base64 that is broken into lines, as the command base64 does', () => {
    const long = Array.from({ length: 40 }, (_, i) => `part-${String(i * 7919)}`).join('.');
    const lines = (
      Buffer.from(`user:${long}`)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).map(masking([long]));
    expect(lines.slice(1, -1).every((line) => line === '****')).toBe(true);
    expect(lines[0]).toMatch(/^.{0,8}\*{4}$/);
    expect(lines.at(-1)).toMatch(/^\*{4}.{0,4}$/);
  });
});

test('of a secret of many lines each one is hidden, also where it is written as one', () => {
  const key = '-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END KEY-----\n';
  const hidden = masking([key]);
  expect(key.split('\n').map((line) => hidden(`> ${line}`))).toEqual(['> ****', '> ****', '> ****', '> ****', '> ']);
  expect(hidden(JSON.stringify({ key: key.trim() }))).toBe('{"key":"****"}');
});

test('bytes that are no text are hidden in base64', () => {
  const bytes = Buffer.from('fffe0001c328a0a1e28ca1f0288cbc00ff', 'hex');
  expect(masking([bytes])(`key ${bytes.toString('base64')}`)).toBe('key ****');
});

test('what is too short to be told from other words stays, and so does what is like no secret', () => {
  expect(masking(['abc', ''])('abcabc')).toBe('abcabc');
  expect(mask('epoch 3 of 9: loss 0.42')).toBe('epoch 3 of 9: loss 0.42');
  expect(masking([])(secret)).toBe(secret);
});

test('no line of a job has a secret of any letters, wherever it stands', () => {
  const text = fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 40 }).filter((it) => it.trim().length >= 8);
  fc.assert(
    fc.property(text, fc.string(), fc.string(), (it, before, behind) => {
      expect(masking([it])(before + it + behind)).not.toContain(it.trim());
    }),
  );
});
