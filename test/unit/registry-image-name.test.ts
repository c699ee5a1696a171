import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatImageName, parseImageName } from '../../activities/images/registry/image-name.ts';
import { failsAs } from '../support/fails-as.ts';

const digest = `sha256:${'0a'.repeat(32)}`;

test.each([
  ['ubuntu', 'docker.io/library/ubuntu'],
  ['ubuntu:22.04', 'docker.io/library/ubuntu:22.04'],
  [`ubuntu@${digest}`, `docker.io/library/ubuntu@${digest}`],
  ['team/x', 'docker.io/team/x'],
  ['docker.io/ubuntu', 'docker.io/library/ubuntu'],
  ['index.docker.io/ubuntu:a', 'docker.io/library/ubuntu:a'],
  ['index.docker.io/team/x', 'docker.io/team/x'],
  ['localhost/x', 'localhost/x'],
  ['localhost:5000/x', 'localhost:5000/x'],
  ['host/x', 'docker.io/host/x'],
  ['host:5000/x', 'host:5000/x'],
  ['Host/x', 'Host/x'],
  ['127.0.0.1:5000/a/b/c', '127.0.0.1:5000/a/b/c'],
  ['[::1]:5000/x', '[::1]:5000/x'],
  [`registry.example:5000/team/train:v3@${digest}`, `registry.example:5000/team/train:v3@${digest}`],
  ['x.y/a__b/c-----d/e.f_g:_T-1', 'x.y/a__b/c-----d/e.f_g:_T-1'],
  [`r.example/x:${'t'.repeat(128)}`, `r.example/x:${'t'.repeat(128)}`],
])('%s is %s', (text, whole) => {
  expect(formatImageName(parseImageName(text))).toBe(whole);
});

test('a name comes in parts', () => {
  expect(parseImageName(`registry.example:5000/team/train:v3@${digest}`)).toEqual({
    host: 'registry.example:5000',
    repository: 'team/train',
    tag: 'v3',
    digest,
  });
  expect(parseImageName('ubuntu')).toEqual({ host: 'docker.io', repository: 'library/ubuntu' });
});

test.each([
  '',
  '/',
  'x/',
  '/x',
  'a//b',
  'Ubuntu',
  'r.example/Team/x',
  'a..b',
  'a___b',
  '-a',
  'a-',
  'a/../b',
  'x:',
  'x:.tag',
  `x:${'t'.repeat(129)}`,
  'x@',
  'x@sha256:abc',
  `x@md5:${'0'.repeat(32)}`,
  `x@sha256:${'A'.repeat(64)}`,
  '0a'.repeat(32),
  'https://r.example/x',
  'user@r.example/x',
  'r.example:port/x',
  'r.example:99999/x',
  '999.1.1.1/x',
  '[:::]/x',
  '-r.example/x',
  'r_.example/x',
  'r.example/x\n',
  'r.example/x y',
  'r.example/x?y',
  'r.example/x\r\nhost: evil',
  `r.example/${'a'.repeat(256)}`,
])('%j is no name', (text) => {
  expect(() => parseImageName(text)).toThrow(failsAs('LaunchRejected'));
});

test('what is no name is shown without what moves a terminal, and not at length', () => {
  expect(() => parseImageName('\u001b[2J')).toThrow('image "\\u001b[2J" is no name of an image');
  expect(() => parseImageName('A'.repeat(100_000))).toThrow(/^.{1,400}$/);
});

const atom = fc.stringMatching(/^[a-z0-9]{1,5}$/);
const component = fc
  .tuple(atom, fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), atom), { maxLength: 2 }))
  .map(([first, more]) => first + more.flat().join(''));
const path = fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const host = fc.oneof(
  fc.constantFrom('localhost', 'docker.io', 'localhost:5000', '127.0.0.1:1', '[::1]:65535', 'Registry'),
  fc.tuple(atom, fc.integer({ min: 1, max: 65_535 })).map(([name, port]) => `a${name}:${String(port)}`),
  atom.map((name) => `a${name}.example`),
);
const name = fc
  .record(
    {
      host,
      repository: path,
      tag: fc.stringMatching(/^\w[\w.-]{0,20}$/),
      digest: fc.stringMatching(/^sha256:[0-9a-f]{64}$/),
    },
    { requiredKeys: ['host', 'repository'] },
  )
  .filter(({ host: of, repository }) => of !== 'docker.io' || repository.includes('/'));

test('a name that is written and read again is the same', () => {
  fc.assert(
    fc.property(name, (one) => {
      expect(parseImageName(formatImageName(one))).toEqual(one);
    }),
  );
});

test('any text is a name with one way to write it whole, or refused', () => {
  const units = fc.constantFrom(...Array.from('aA0.:/@-_[]'), 'sha256:', 'docker.io', digest, ' ', '\n', 'ü');
  fc.assert(
    fc.property(fc.string({ unit: units, maxLength: 12 }), (text) => {
      let whole: string;
      try {
        whole = formatImageName(parseImageName(text));
      } catch (error) {
        expect(error).toEqual(failsAs('LaunchRejected'));
        return;
      }
      expect(formatImageName(parseImageName(whole))).toBe(whole);
    }),
  );
});
