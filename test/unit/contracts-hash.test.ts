import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base32Of, canonicalJson, sha256Hex, shortHash } from '../../contracts/hash.ts';

test('sha256 is that of node:crypto', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(sha256Hex(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'));
    }),
  );
});

test.each([
  ['', ''],
  ['f', 'my'],
  ['fo', 'mzxq'],
  ['foo', 'mzxw6'],
  ['foob', 'mzxw6yq'],
  ['fooba', 'mzxw6ytb'],
  ['foobar', 'mzxw6ytboi'],
])('base32 of %j is that of RFC 4648, section 10', (text, encoded) => {
  expect(base32Of(Buffer.from(text))).toBe(encoded);
});

test('base32 keeps every bit', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const bits = Array.from(base32Of(bytes), (digit) =>
        'abcdefghijklmnopqrstuvwxyz234567'.indexOf(digit).toString(2).padStart(5, '0'),
      );
      const expected = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
      expect(bits.join('').slice(0, expected.length)).toBe(expected);
    }),
  );
});

test('a short hash is the beginning of the long one', () => {
  const whole = base32Of(createHash('sha256').update('digits').digest());
  expect(shortHash('digits', 12)).toBe(whole.slice(0, 12));
});

test('canonical JSON does not depend on the order of keys, and loses nothing', () => {
  const reordered = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reordered);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, inner]) => [key, reordered(inner)]),
    );
  };
  fc.assert(
    fc.property(fc.json(), (text) => {
      const value = JSON.parse(text) as unknown;
      expect(canonicalJson(reordered(value))).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(value);
    }),
  );
});

test('canonical JSON tells different values apart, and leaves undefined out', () => {
  expect(canonicalJson({ b: 1, a: [2, { d: 3, c: undefined }] })).toBe('{"a":[2,{"d":3}],"b":1}');
  expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  expect(canonicalJson(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}');
});
