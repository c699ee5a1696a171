import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { existsSync, globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PinnedCommit } from '../../activities/sources/git/git-sources.ts';
import { placeOf } from '../../activities/sources/git/own-addresses.ts';
import { createJob, describeJob } from '../../client/index.ts';
import type { FailureType } from '../../contracts/failures.ts';
import type { GitSource } from '../../contracts/git-source.ts';
import { packDirectory } from '../../store/archive.ts';
import { never } from '../support/backend-harness.ts';
import { gitServer } from '../../scripts/testbed/git/server.ts';
import { GitScene } from '../support/git-scene.ts';
import type { ServedRepository } from '../../scripts/testbed/git/repository.ts';
import { makeTree } from '../../scripts/testbed/trees.ts';

let scene: GitScene;
let digits: ServedRepository;
let first: string;
let last: string;

const files = {
  'train.py': 'first',
  'run.sh': '#!/bin/sh*',
  'sub/link': '-> ../train.py',
  'a b/é.txt': '',
  '.gitignore': 'data\n',
  data: 'committed all the same',
};

beforeAll(async () => {
  scene = await GitScene.start();
  const { server } = scene;
  digits = await server.create('/open/digits.git');
  first = await digits.commit(files);
  await digits.git('tag', 'light');
  await digits.git('-c', 'user.name=Ada', '-c', 'user.email=a@b', 'tag', '-a', '-m', 'with a message', 'v1.2');
  last = await digits.commit({ 'train.py': 'last' });
  await digits.commit({ 'train.py': 'branch' }, 'feature/a+b');
  await digits.git('branch', 'both', last);
  await digits.git('tag', 'both', first);
  await (await server.create('/private/digits.git')).commit({ 'train.py': 'private' });
  await (await server.create('/open/empty.git')).git('config', 'a.b', 'c');
});
afterAll(() => scene.stop());

/** It ends so, and with this in its sentence. */
async function fails(pin: Promise<PinnedCommit>, type: FailureType, ...sentences: string[]): Promise<string> {
  const error = (await pin.then(
    ({ git }) => new Error(`pinned: ${git.commit}`),
    (thrown: unknown) => thrown,
  )) as Error & { type?: string };
  expect(error).toMatchObject({ type });
  for (const sentence of sentences) expect(error.message).toContain(sentence);
  return error.message;
}

describe('a ref is pinned to the commit that it is now', () => {
  test.each<[string, () => string | undefined, () => string, string]>([
    ['the default branch main', () => undefined, () => last, 'main'],
    ['a branch', () => 'main', () => last, 'main'],
    ['a tag', () => 'light', () => first, 'light'],
    ['a tag with a message', () => 'v1.2', () => first, 'v1.2'],
    ['a branch that is a tag, too', () => 'both', () => last, 'both'],
    ['the tag of a branch of that name', () => 'refs/tags/both', () => first, 'refs/tags/both'],
    ['a commit', () => first, () => first, ''],
    ['the first digits of a commit', () => first.slice(0, 7), () => first, ''],
  ])('%s', async (_, ref, commit, shown) => {
    const asked = ref();
    const { git } = await scene.pin('/open/digits.git', asked === undefined ? {} : { ref: asked });
    expect(git).toEqual({
      url: scene.server.url('/open/digits.git'),
      ref: shown === '' ? asked : shown,
      commit: commit(),
    });
  });

  test('a branch with odd letters, and the default branch master', async () => {
    const odd = await scene.pin('/open/digits.git', { ref: 'feature/a+b' });
    expect(await scene.unpacked(odd)).toEqual({ 'train.py': 'branch' });
    await (await scene.server.create('/open/old.git')).commit({ a: 'b' }, 'master');
    expect((await scene.pin('/open/old.git')).git.ref).toBe('master');
  });

  test('what is not there is named', async () => {
    const none = 'has no such branch, tag or commit';
    await fails(scene.pin('/open/digits.git', { ref: 'nope' }), 'LaunchRejected', 'source.git.ref is "nope"', none);
    await fails(scene.pin('/open/digits.git', { ref: '1234567' }), 'LaunchRejected', none);
    await fails(scene.pin('/open/digits.git', { ref: 'a'.repeat(40) }), 'LaunchRejected', 'there is no commit aaaa');
    await fails(scene.pin('/open/empty.git'), 'LaunchRejected', 'neither a branch main nor master');
    await fails(scene.pin('/open/nothing.git'), 'LaunchRejected', '/open/nothing.git is not there');
  });

  test('also on a server that gives out branches and tags alone', async () => {
    const old = await scene.server.create('/open/strict.git');
    const before = await old.commit({ a: '1' });
    await old.commit({ a: '2' });
    const answer = /^version=2$/;
    scene.server.speak = (version) => (answer.test(version) ? 'version=0' : version);
    try {
      expect(await scene.unpacked(await scene.pin('/open/strict.git', { ref: before }))).toEqual({ a: '1' });
    } finally {
      scene.server.speak = (version) => version;
    }
  });
});

test('a commit is packed as a directory with its files is, whatever they say that git should do or leave out', async () => {
  const pinned = await scene.pin('/open/digits.git', { ref: first });
  expect(await scene.unpacked(pinned)).toEqual(files);
  const odd = await scene.server.create('/open/odd.git');
  const tree = {
    '.gitattributes': '* text eol=crlf ident filter=lfs\nleft export-ignore\n',
    '.lfsconfig': '[lfs]\n\turl = https://evil.example\n',
    'a.txt': '$Id$\nline\n',
    left: 'here',
  };
  await odd.commit(tree);
  const packed = await scene.pin('/open/odd.git');
  expect(await scene.unpacked(packed)).toEqual(tree);
  const same = join(scene.scratch, 'same');
  await makeTree(same, tree);
  expect(packed.code.digest).toBe((await packDirectory(same)).digest);
});

test('a commit is fetched once for all launches, and one that is pinned needs no git at all', async () => {
  await (await scene.server.create('/open/once.git')).commit({ a: 'b' });
  const pinned = await scene.pin('/open/once.git');
  const fetched = (): number =>
    scene.server.requests.filter(({ path }) => path === '/open/once.git/git-upload-pack').length;
  const before = fetched();
  expect(await scene.pin('/open/once.git')).toEqual(pinned);
  // What there is was asked for, and nothing fetched.
  expect(fetched() - before).toBe(1);
  expect(await scene.pin('', pinned.git, { env: { PATH: '/nowhere' } })).toEqual(pinned);
  await scene.store.remove(`code/${pinned.code.digest}.tar.gz`);
  expect(await scene.pin('', pinned.git)).toEqual(pinned);
});

describe('a private repository', () => {
  test('is read with the token of a file or a variable, which nobody sees meanwhile', async () => {
    const { server, workplace } = scene;
    const file = join(scene.scratch, 'token');
    await writeFile(file, `${server.token}\n`);
    const seen = new Set<string>();
    const modes = new Set<string>();
    server.asked = () => {
      for (const line of scene.running()) seen.add(line);
      for (const path of globSync(join(workplace, '*', '*', 'credentials')))
        modes.add((statSync(path).mode & 0o777).toString(8));
    };
    const hosts = scene.hosts({ token: { file } });
    expect(await scene.unpacked(await scene.pin('/private/digits.git', {}, { hosts }))).toEqual({
      'train.py': 'private',
    });
    server.asked = () => undefined;
    const lines = [...seen].join('\n');
    expect(lines).toContain('git\0');
    expect(lines).not.toContain(server.token);
    expect([...modes]).toEqual(['600']);
    expect((await scene.pin('/private/digits.git')).git.ref).toBe('main');
    expect(scene.left()).toEqual([]);
  });

  test('is refused with host and account, without the token', async () => {
    const { host } = scene.server;
    const wrong = { env: { TOKEN: 'wr0ng-token' } };
    const said = await fails(
      scene.pin('/private/digits.git', {}, wrong),
      'LaunchRejected',
      `${host} refuses ada with the token of variable TOKEN`,
    );
    expect(said).not.toContain('wr0ng');
    const { token: _, ...known } = scene.hosts()[host] ?? { username: '' };
    const none = scene.pin('/private/digits.git', {}, { hosts: { [host]: known } });
    await fails(
      none,
      'LaunchRejected',
      `${host} refuses nobody (there is no token for git.${host} in the agent's file)`,
    );
    const away = scene.pin('/private/digits.git', {}, { hosts: scene.hosts({ token: { file: '/nowhere/token' } }) });
    await fails(away, 'SourceUnavailable', `git.${host}.token of the agent's file: /nowhere/token cannot be read`);
  });

  test('behind a certificate that nobody knows is not read', async () => {
    await fails(
      scene.pin('/open/digits.git', {}, { hosts: { [scene.server.host]: { username: 'git' } } }),
      'LaunchRejected',
      'a certificate that the agent does not trust',
    );
  });

  test('is nothing that a server that shows itself as another gets a token for', async () => {
    await using other = await gitServer(
      await mkdir(join(scene.scratch, 'other'), { recursive: true }).then(() => join(scene.scratch, 'other')),
    );
    scene.server.answer('/moved/', (request, response) => {
      response.writeHead(302, { location: other.url(request.url ?? '') }).end();
    });
    await fails(scene.pin('/moved/x.git'), 'LaunchRejected', 'leads elsewhere, where agents do not follow');
    expect(other.requests).toEqual([]);
    const hosts = { ...scene.hosts(), [other.host]: { username: 'git', caBundle: other.certificate } };
    const there = scene.sources({ hosts }).pin({ url: other.url('/private/x.git') }, new AbortController().signal);
    await fails(there, 'LaunchRejected', `${other.host} refuses nobody`);
    expect(other.requests.length).toBeGreaterThan(0);
    expect(other.requests.every(({ user }) => user === undefined)).toBe(true);
  });
});

test.each([
  '127.0.0.1',
  '127.1',
  '2130706433',
  'localhost',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '0.0.0.0',
  '169.254.169.254',
  '[fe80::1]',
])('the agent asks nothing of %s, which others do not reach, unless its file allows it', async (name) => {
  const before = scene.server.requests.length;
  const port = scene.server.host.replace(/^.*:/, '');
  await fails(
    scene.sources({ hosts: {} }).pin({ url: `https://${name}:${port}/open/digits.git` }, new AbortController().signal),
    'LaunchRejected',
    `${name}:${port} is an address of the agent's own machine, or of its cloud`,
  );
  expect(scene.server.requests.length).toBe(before);
});

test('what a name stands for is told to git as it was looked up', async () => {
  expect(await placeOf('192.0.2.1')).toBeUndefined();
  const place = `git.example:${scene.server.host.replace(/^.*:/, '')}:127.0.0.1,127.0.0.1`;
  const said = await execa(
    'git',
    [
      '-c',
      `http.curloptResolve=${place}`,
      '-c',
      'http.sslVerify=false',
      '-c',
      'http.lowSpeedTime=1',
      'ls-remote',
      `https://${place.replace(/:127.*$/, '')}/open/digits.git`,
    ],
    { reject: false, timeout: 20_000 },
  );
  expect(said.stdout).toContain('refs/heads/main');
});

describe('nothing of a commit harms the agent', () => {
  const path = '/open/attacks.git';
  let served: ServedRepository;
  beforeAll(async () => {
    served = await scene.server.create(path);
  });

  test.each<[string, string, () => Promise<string[]>]>([
    [
      'a link out of the tree',
      'a symbolic link out of the directory, to "/etc/passwd"',
      async () => [`120000 blob ${await served.blob('/etc/passwd')}\tlink`],
    ],
    [
      'a name that leads out',
      '"../x"',
      async () => [`040000 tree ${await served.tree([`100644 blob ${await served.blob('x')}\tx`])}\t..`],
    ],
    [
      "git's own directory",
      '".GIT/config"',
      async () => [`040000 tree ${await served.tree([`100644 blob ${await served.blob('x')}\tconfig`])}\t.GIT`],
    ],
    [
      'two files of one name',
      'it is there twice',
      async () => {
        const blob = await served.blob('x');
        return [`100644 blob ${blob}\ta`, `100644 blob ${blob}\ta`];
      },
    ],
    [
      'a file in a link',
      'what it is in is no directory',
      async () => {
        const blob = await served.blob('.');
        return [`120000 blob ${blob}\ta`, `040000 tree ${await served.tree([`100644 blob ${blob}\tx`])}\ta`];
      },
    ],
    [
      'a bomb of trees',
      'more than 100000 files',
      async () => {
        let tree = await served.tree([`100644 blob ${await served.blob('x')}\tx`]);
        for (let depth = 0; depth < 12; depth++)
          tree = await served.tree(Array.from({ length: 10 }, (_, i) => `040000 tree ${tree}\td${String(i)}`));
        return [`040000 tree ${tree}\td`];
      },
    ],
    ...[
      'ext::sh -c touch% /tmp/relaunch-pwned',
      'file:///etc',
      '/etc',
      '../../../../x',
      '--upload-pack=touch /tmp/relaunch-pwned',
      'https://a:b@git.example/x',
    ].map((url): [string, string, () => Promise<string[]>] => [
      `a submodule from ${url}`,
      'submodule "lib" of ',
      async () => [
        `100644 blob ${await served.blob(`[submodule "x"]\n\tpath = lib\n\turl = ${url}\n\tupdate = !touch /tmp/relaunch-pwned\n`)}\t.gitmodules`,
        `160000 commit ${first}\tlib`,
      ],
    ]),
  ])('%s', async (_, sentence, entries) => {
    const ref = `attack-${randomBytes(4).toString('hex')}`;
    await served.commitEntries(await entries(), ref);
    await fails(scene.pin(path, { ref, submodules: true }), 'LaunchRejected', sentence);
    expect(existsSync('/tmp/relaunch-pwned')).toBe(false);
    expect(scene.left()).toEqual([]);
  });

  test("nor what this machine's user has told git", async () => {
    const home = join(scene.scratch, 'home');
    await mkdir(home);
    const marker = join(scene.scratch, 'told');
    await writeFile(
      join(home, '.gitconfig'),
      `[credential]\n\thelper = "!touch ${marker}; :"\n[url "https://127.0.0.1:1/"]\n\tinsteadOf = https://\n[core]\n\tfsmonitor = "touch ${marker}"\n`,
    );
    await scene.pin(
      '/private/digits.git',
      {},
      { env: { HOME: home, XDG_CONFIG_HOME: home, GIT_CONFIG_GLOBAL: join(home, '.gitconfig') } },
    );
    expect(existsSync(marker)).toBe(false);
  });
});

describe('submodules', () => {
  test('are where they belong if they are asked for, and nowhere if not', async () => {
    const served = await scene.server.create('/open/modules.git');
    const modules = await served.blob(
      '[submodule "a"]\n\tpath = libs/a\n\turl = ../digits.git\n[submodule "b"]\n\tpath = b\n\turl = ../../private/digits.git\n',
    );
    const hidden = (await scene.pin('/private/digits.git')).git.commit;
    const libs = await served.tree([`160000 commit ${first}\ta`]);
    await served.commitEntries([
      `100644 blob ${modules}\t.gitmodules`,
      `160000 commit ${hidden}\tb`,
      `040000 tree ${libs}\tlibs`,
    ]);
    const all = await scene.unpacked(await scene.pin('/open/modules.git', { submodules: true }));
    expect(all).toMatchObject({
      'libs/a/train.py': 'first',
      'libs/a/sub/link': '-> ../train.py',
      'b/train.py': 'private',
    });
    expect(Object.keys(await scene.unpacked(await scene.pin('/open/modules.git')))).toEqual(['.gitmodules']);
  });
});

describe('too much is refused, and nothing is left', () => {
  test('of bytes on the way, of bytes in files, of time', async () => {
    const large = await scene.server.create('/open/large.git');
    await large.commit({ big: randomBytes(1_500_000).toString('base64') });
    await fails(
      scene.pin('/open/large.git', {}, { maxPackBytes: 1_048_576 }),
      'LaunchRejected',
      'is larger than 1.0 MiB, packed',
    );
    await fails(
      scene.pin('/open/large.git', {}, { maxBytes: 1_048_576 }),
      'LaunchRejected',
      'has 1.9 MiB of files',
      'big (1.9 MiB)',
    );
    scene.server.answer('/silent/', () => undefined);
    await fails(scene.pin('/silent/x.git', {}, { timeoutMs: 300 }), 'SourceUnavailable', 'did not come within 0.3 s');
    expect(scene.left()).toEqual([]);
    expect(scene.running()).toEqual([]);
  });

  test('a launch that is cancelled meanwhile takes git with it', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<undefined>();
    scene.server.answer('/waits/', () => {
      resolve(undefined);
    });
    const stopped = new AbortController();
    const pin = scene.sources().pin({ url: scene.server.url('/waits/x.git') }, stopped.signal);
    await asked;
    stopped.abort(new Error('cancelled'));
    await expect(pin).rejects.toThrow('cancelled');
    expect(scene.running()).toEqual([]);
    expect(scene.left()).toEqual([]);
  });
});

test('a server that is away, and an agent without git, are waited for', async () => {
  scene.server.answer('/500/', (_, response) => {
    response.writeHead(500).end();
  });
  await fails(scene.pin('/500/x.git'), 'SourceUnavailable', 'cannot be read', 'error: 500');
  const away = scene
    .sources({ hosts: { '127.0.0.1:1': { username: 'git' } } })
    .pin({ url: 'https://127.0.0.1:1/x.git' }, new AbortController().signal);
  await fails(away, 'SourceUnavailable', "Couldn't connect to server");
  await fails(
    scene.pin('/open/digits.git', {}, { env: { PATH: '/nowhere' } }),
    'SourceUnavailable',
    'there is no git on the host',
  );
});

describe('a job of a repository', () => {
  beforeEach(() => {
    vi.stubEnv('GIT_SSL_CAINFO', scene.server.certificate);
    vi.stubEnv('GIT_CONFIG_GLOBAL', '/dev/null');
    vi.stubEnv('GIT_TERMINAL_PROMPT', '0');
  });
  afterEach(() => vi.unstubAllEnvs());

  const create = (path: string, git: Partial<GitSource> = {}) =>
    createJob(
      scene.store,
      { source: { git: { url: scene.server.url(path), ...git } }, entrypoint: ['python', 'train.py'] },
      { name: 'of-git' },
    );
  const sourceOf = async (job: string) => (await describeJob(scene.store, job)).record.job.source.git;

  test('has the commit that its ref is when it is created, and another one is another version', async () => {
    const moving = await scene.server.create('/open/moving.git');
    const before = await moving.commit({ 'train.py': 'before' });
    expect(await create('/open/moving.git')).toMatchObject({ version: 0, isNew: true });
    expect(await create('/open/moving.git', { ref: before })).toMatchObject({ version: 0, isNew: false });
    const after = await moving.commit({ 'train.py': 'after' });
    await moving.git('-c', 'user.name=Ada', '-c', 'user.email=a@b', 'tag', '-a', '-m', 'with a message', 'v1');
    expect(await create('/open/moving.git', { ref: 'v1' })).toMatchObject({ version: 1, isNew: true });
    expect(await sourceOf('of-git:v0')).toMatchObject({ ref: 'main', commit: before });
    expect(await sourceOf('of-git')).toMatchObject({ ref: 'v1', commit: after });
    const pinned = (await sourceOf('of-git:v0')) ?? { url: '' };
    expect(await scene.unpacked(await scene.sources().pin(pinned, never))).toEqual({ 'train.py': 'before' });
  });

  test.each<[string, string, Partial<GitSource>, string]>([
    ['a branch that is not there', '/open/digits.git', { ref: 'nowhere' }, 'source.git.ref is "nowhere": https://'],
    ['neither main nor master', '/open/empty.git', {}, 'has neither a branch main nor master'],
    [
      'a password that is not here',
      '/private/digits.git',
      {},
      'cannot be asked for its commit: git says "fatal: could not read',
    ],
    ['no repository', '/open/nowhere.git', {}, 'cannot be asked for its commit: git says'],
  ])('with %s is refused in a sentence', async (_, path, git, sentence) => {
    await expect(create(path, git)).rejects.toMatchObject({
      type: 'LaunchRejected',
      message: expect.stringContaining(sentence) as string,
    });
  });

  test('named by all of the digits of a commit needs no git here', async () => {
    vi.stubEnv('PATH', '/nowhere');
    expect(await create('/private/digits.git', { ref: first })).toMatchObject({ isNew: true });
    await expect(create('/private/digits.git')).rejects.toThrow(/there is no git on this machine; name the commit by/);
  });
});
