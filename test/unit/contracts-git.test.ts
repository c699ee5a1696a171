import { describe, expect, test } from 'vitest';
import { agentSpec } from '../../contracts/agent-spec.ts';
import { gitRemote, gitSource } from '../../contracts/git-source.ts';
import { fieldIssues, formatIssues } from '../../contracts/issues.ts';
import { launchSpec } from '../../contracts/launch-spec.ts';

const url = 'https://git.example/team/digits.git';

/** What a launch of a source is told, in one text. */
function wrongWith(git: unknown): string {
  const spec = { queue: 'gpu', entrypoint: ['python'], source: { git } };
  const parsed = launchSpec.safeParse(spec);
  return parsed.success ? '' : formatIssues(fieldIssues(parsed.error, spec));
}

test.each([
  [url, { scheme: 'https', host: 'git.example', path: '/team/digits.git' }],
  ['https://Git.Example:443/~ada/x', { scheme: 'https', host: 'git.example', path: '/~ada/x' }],
  ['https://127.0.0.1:8443/x', { scheme: 'https', host: '127.0.0.1:8443', path: '/x' }],
  ['https://[::1]:8443/x', { scheme: 'https', host: '[::1]:8443', path: '/x' }],
  ['https://dev.azure.example/a%20b/_git/c', { scheme: 'https', host: 'dev.azure.example', path: '/a%20b/_git/c' }],
  ['ssh://git@git.example/team/x.git', { scheme: 'ssh', host: 'git.example', user: 'git', path: '/team/x.git' }],
  ['ssh://git.example:2222/x', { scheme: 'ssh', host: 'git.example:2222', path: '/x' }],
  ['ssh://git@git.example:22/x', { scheme: 'ssh', host: 'git.example', user: 'git', path: '/x' }],
  ['git@git.example:team/x.git', { scheme: 'ssh', host: 'git.example', user: 'git', path: 'team/x.git' }],
  ['ada@git.example:/srv/x', { scheme: 'ssh', host: 'git.example', user: 'ada', path: '/srv/x' }],
])('%s is a repository', (written, remote) => {
  expect(gitRemote(written)).toEqual(remote);
  expect(wrongWith({ url: written })).toBe('');
});

const urlRule = ': https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH';

test.each([
  ...['file:///etc', 'file:x', '/srv/x.git', './x', '../x', 'C:\\x', '~/x', ''],
  ...['ext::sh -c id', 'ext::sh%20-c%20id', 'fd::17/x', 'http::https://git.example/x', 'transport::address'],
  ...[
    'http://git.example/x',
    'git://git.example/x',
    'ftp://git.example/x',
    'ssh+git://git.example/x',
    'HTTPS://git.example/x',
  ],
  ...['--upload-pack=id', '-u', 'ssh://-oProxyCommand=id/x', 'ssh://git@-oProxyCommand=id/x', 'ssh://-l@git.example/x'],
  ...[
    '-oProxyCommand=id@git.example:x',
    'git@-oProxyCommand=id:x',
    'git@git.example:-x',
    'git.example:x',
    'https://-git.example/x',
  ],
  ...[
    'https://git.example',
    'https:///x',
    'https://git.example/x y',
    'https://git.example/x\ny',
    'https://git.example/x\0',
  ],
  ...[
    'https://git.example/x?a=b',
    'https://git.example/x#y',
    'https://git.example/x%0ahost=evil',
    'https://git.example/%00',
    'https://git.example/%7f',
  ],
  ...['https://git.example/$(id)', 'https://git.example/`id`', "https://git.example/'x'", 'git@git.example:x;id'],
  ...[
    'https://git.example:port/x',
    'https://git.example:/x',
    'ssh://git@[::1/x',
    `https://git.example/${'x'.repeat(1_000)}`,
  ],
])('%j is none', (written) => {
  expect(gitRemote(written)).toBeUndefined();
  expect(wrongWith({ url: written })).toMatch(/^source\.git\.url is /);
  expect(wrongWith({ url: written })).toContain(urlRule);
});

describe('a URL with credentials', () => {
  const sentence = 'a URL without user, password or token: agents have credentials, by host, in their files';

  test.each([
    'https://ada:s3cret@git.example/x',
    'https://s3cret@git.example/x',
    'https://s3cret:x-oauth-basic@git.example/x',
    'http://ada:s3cret@git.example/x',
    'ssh://git:s3cret@git.example/x',
    'git:s3cret@git.example:x',
    'https:/ada:s3cret@git.example/x',
  ])('%s is refused in one sentence, without showing them', (written) => {
    const said = wrongWith({ url: written });
    expect(said).toContain(sentence);
    expect(said.split('\n')).toHaveLength(1);
    expect(said).not.toContain('s3cret');
    expect(said).toContain('git.example');
  });
});

test.each([
  'main',
  'v1.2',
  'feature/a+b',
  'dependabot/npm/@types/node-1',
  'refs/pull/12/head',
  '4f2a9c1',
  'a'.repeat(40),
  'x#1',
])('%s is a ref', (ref) => {
  expect(wrongWith({ url, ref })).toBe('');
});

test.each([
  ...[
    '',
    '-main',
    '--upload-pack=id',
    '/main',
    'main/',
    'a..b',
    'HEAD@{1}',
    'a b',
    'a\nb',
    'a~1',
    'a^{tree}',
    'a:b',
    '+main:x',
  ],
  ...['*', 'a?', '[a]', 'a\\b', '.a', 'a/.b', 'a//b', 'a.', 'x'.repeat(201), '$(id)', ';id', 'é'],
])('%j is none', (ref) => {
  expect(wrongWith({ url, ref })).toMatch(/^source\.git\.ref is /);
});

test('what was pinned can be launched again, and a commit is its full name', () => {
  const pinned = { url, ref: 'main', commit: 'a1'.repeat(20), submodules: true };
  expect(gitSource.parse(pinned)).toEqual(pinned);
  for (const commit of ['main', 'A1'.repeat(20), 'a1'.repeat(19), '--all', ''])
    expect(wrongWith({ url, commit })).toMatch(/^source\.git\.commit is /);
});

describe('the git servers of an agent', () => {
  const wrong = (git: unknown): string => {
    const parsed = agentSpec.safeParse({ git });
    return parsed.success ? '' : formatIssues(fieldIssues(parsed.error, { git }));
  };

  test('are hosts with credentials by reference', () => {
    const git = {
      'git.example': { username: 'ada', token: { file: '/run/token' }, caBundle: 'ca.pem' },
      'git.example:8443': { token: { env: 'GIT_TOKEN' } },
      '[::1]:22': { sshKey: 'key', knownHosts: 'hosts' },
    };
    expect(agentSpec.parse({ git }).git).toEqual({
      ...git,
      'git.example:8443': { username: 'git', token: { env: 'GIT_TOKEN' } },
      '[::1]:22': { username: 'git', sshKey: 'key', knownHosts: 'hosts' },
    });
  });

  test.each<[string, object, string]>([
    [
      'a token that stands there',
      { token: 's3cret' },
      'git.g.example.token is ****: by reference: {file: PATH} or {env: NAME}',
    ],
    ['two references', { token: { file: 'a', env: 's3cret' } }, 'git.g.example.token is ****: by reference'],
    ['a password', { password: 's3cret' }, 'git.g.example.password is ****: not a known field'],
    [
      'a key to an unknown server',
      { sshKey: 'key' },
      'git.g.example.knownHosts is missing: sshKey and knownHosts go together',
    ],
    ['a name with a space', { username: 'a b' }, 'git.g.example.username is "a b": a name'],
  ])('not with %s', (_, host, sentence) => {
    expect(wrong({ 'g.example': host })).toContain(sentence);
    expect(wrong({ 'g.example': host })).not.toContain('s3cret');
  });

  test.each(['https://g.example', 'G.example', 'g.example/x', '-g', 'ada@g.example', ''])('not of %j', (host) => {
    expect(wrong({ [host]: {} })).toContain('a host such as git.example');
  });
});
