import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenges } from '../../activities/images/registry/challenge.ts';

test.each([
  [
    'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:team/x:pull,push"',
    [
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.example/token',
          service: 'registry.example',
          scope: 'repository:team/x:pull,push',
        },
      },
    ],
  ],
  ['Basic realm="a, b=c \\"d\\""', [{ scheme: 'basic', parameters: { realm: 'a, b=c "d"' } }]],
  ['BASIC REALM=plain', [{ scheme: 'basic', parameters: { realm: 'plain' } }]],
  [
    'Negotiate, Basic realm="x", Bearer realm = "y" , service=z',
    [
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'x' } },
      { scheme: 'bearer', parameters: { realm: 'y', service: 'z' } },
    ],
  ],
  ['Bearer realm="y", service="cut off', [{ scheme: 'bearer', parameters: { realm: 'y' } }]],
  ['realm="of nobody"', []],
  ['', []],
  ['Bearer __proto__="x"', [{ scheme: 'bearer', parameters: {} }]],
])('%s', (header, challenges) => {
  expect(parseChallenges(header)).toMatchObject(challenges);
  expect(parseChallenges(header)).toHaveLength(challenges.length);
});

test('no header takes long, whatever is in it', () => {
  const pieces = fc.constantFrom('Bearer', ' ', ',', '=', '"', '\\', 'realm', '""', 'a');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 2_000, size: 'max' }), (parts) => {
      const begun = performance.now();
      parseChallenges(parts.join(''));
      expect(performance.now() - begun).toBeLessThan(500);
    }),
  );
});
