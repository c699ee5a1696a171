import { expect, test } from 'vitest';
import { parseImageName } from '../../activities/images/registry/image-name.ts';
import type { RegistryOptions } from '../../activities/images/registry/registry-api.ts';
import { RegistryClient } from '../../activities/images/registry/registry-client.ts';
import { never } from '../support/backend-harness.ts';
import { failsAs } from '../support/fails-as.ts';
import { ScriptedHttp, type Answer } from '../support/scripted-http.ts';
import {
  asked,
  base64,
  behind,
  dockerConfigDir,
  everyNameIsHere,
  refuses,
  serveManifest,
  sha256,
} from '../support/scripted-registry.ts';

const path = '/v2/team/train/manifests/v3';
const auth = base64('bob:pw-of-bob');

/** A registry called registry.example, a stranger on another host, and a client whose Docker is logged in at the first. */
async function scene(options: RegistryOptions = {}) {
  everyNameIsHere();
  const registry = await ScriptedHttp.start();
  const stranger = await ScriptedHttp.start();
  const [at, strangerAt] = [registry, stranger].map((server, i) => {
    return `${i === 0 ? 'registry' : 'stranger'}.example:${new URL(server.url).port}`;
  }) as [string, string];
  const client = new RegistryClient({
    dockerConfigDir: await dockerConfigDir({ auths: { [at]: { auth } } }),
    insecureHosts: [at, strangerAt],
    patienceMs: 0,
    ...options,
  });
  return { registry, stranger, at, strangerAt, client, image: parseImageName(`${at}/team/train:v3`) };
}

const redirects =
  (location: string, status = 307): Answer =>
  (exchange) => {
    exchange.json({}, status, { location });
  };

/** Of what everybody was sent, whatever could be used to be somebody. */
const shown = (server: ScriptedHttp): unknown[] =>
  server.requests().map(({ headers, body, query }) => [headers.authorization, headers.cookie, body, query.toString()]);

test.each([
  ['another host', (stranger: string) => `http://${stranger}/token`],
  ['another host behind its own name', (stranger: string) => `http://registry.example@${stranger}/token`],
  ['a host that begins like its own', (stranger: string) => `http://registry.example.${stranger}/token`],
  ['this machine', (stranger: string) => `http://127.0.0.1:${String(stranger.split(':')[1])}/token`],
  ['a metadata server', () => 'http://169.254.169.254/latest/meta-data/'],
  ['a file', () => 'file:///etc/passwd'],
  ['a script', () => 'javascript:alert(1)'],
  ['nothing that is a place', () => '//'],
  ['nothing', () => ''],
])('a token server at %s is not asked at all', async (_, realm) => {
  const { registry, stranger, strangerAt, client, image } = await scene();
  const challenge = `Bearer realm="${realm(strangerAt)}",service="registry.example"`;
  registry.serve(
    path,
    behind('Bearer never', challenge, () => undefined),
  );
  const failure = client.digestOf(image, never);
  await expect(failure).rejects.toEqual(failsAs('RegistryDenied'));
  await expect(failure).rejects.toThrow('nothing was sent there');
  expect(asked(stranger)).toEqual([]);
  expect(shown(registry)).toEqual([[undefined, undefined, '', '']]);
});

test('a token server on another host is asked, with the credentials, where the admin names it', async () => {
  const tokenHosts = ['stranger.example'];
  const everybody = await scene();
  const { registry, stranger, strangerAt, at, image } = everybody;
  const client = new RegistryClient({
    dockerConfigDir: await dockerConfigDir({ auths: { [at]: { auth } } }),
    insecureHosts: [at, strangerAt],
    tokenHosts: { [at]: tokenHosts },
  });
  const found: Answer = (exchange) => {
    exchange.json({}, 200, { 'docker-content-digest': sha256('x') });
  };
  registry.serve(path, behind('Bearer t1', `Bearer realm="http://${strangerAt}/token"`, found));
  stranger.serve('/token', (exchange) => {
    exchange.json({ token: 't1' });
  });
  expect(await client.digestOf(image, never)).toBe(sha256('x'));
  expect(stranger.requests()[0]?.headers.authorization).toBe(`Basic ${auth}`);
});

test.each([301, 302, 303, 307, 308])('a redirect (%i) to another host takes no authorization along', async (status) => {
  const { registry, stranger, strangerAt, at, client, image } = await scene();
  const challenge = `Bearer realm="http://${at}/token"`;
  const config = { os: 'linux', architecture: 'amd64' };
  const blob = sha256(JSON.stringify(config));
  const manifest = { config: { digest: blob } };
  const manifestAnswer: Answer = (exchange) => {
    exchange.json(manifest);
  };
  registry.serve('/token', (exchange) => {
    exchange.json({ token: 't1' });
  });
  registry.serve(path, behind('Bearer t1', challenge, manifestAnswer));
  registry.serve(
    `/v2/team/train/blobs/${blob}`,
    behind('Bearer t1', challenge, redirects(`http://${strangerAt}/s3?sig=1`, status)),
  );
  stranger.serve('/s3', redirects(`http://${at}/back`));
  registry.serve('/back', (exchange) => {
    exchange.json(config);
  });
  expect(await client.config(image, 'linux/amd64', never)).toMatchObject(config);
  expect(shown(stranger)).toEqual([[undefined, undefined, '', 'sig=1']]);
  expect(registry.requests('/back')[0]?.headers.authorization).toBeUndefined();
});

test('a redirect to another port of the same host takes no authorization along either', async () => {
  const { registry, stranger, at, strangerAt, client, image } = await scene();
  const samePlace = strangerAt.replace('stranger', 'registry');
  const more = new RegistryClient({
    dockerConfigDir: await dockerConfigDir({ auths: { [at]: { auth } } }),
    insecureHosts: ['registry.example'],
    patienceMs: 0,
  });
  registry.serve(path, behind(`Basic ${auth}`, 'Basic', redirects(`http://${samePlace}/x`)));
  expect(await more.digestOf(image, never)).toBeUndefined();
  expect(shown(stranger)).toEqual([[undefined, undefined, '', '']]);
  await expect(client.digestOf(image, never)).rejects.toThrow('where it is not followed');
});

test('whoever we were redirected to may ask for credentials as long as they like', async () => {
  const { registry, stranger, strangerAt, client, image } = await scene();
  registry.serve(path, redirects(`http://${strangerAt}/x`));
  stranger.serve('/x', refuses(401, 'UNAUTHORIZED', 'log in', { 'www-authenticate': 'Basic realm="x"' }));
  await expect(client.digestOf(image, never)).rejects.toEqual(failsAs('RegistryDenied'));
  expect(shown(stranger)).toEqual([[undefined, undefined, '', '']]);
  expect(registry.requests()).toHaveLength(1);
});

test('a token server that redirects is not followed', async () => {
  const { registry, stranger, at, strangerAt, client, image } = await scene();
  registry.serve(
    path,
    behind('Bearer t1', `Bearer realm="http://${at}/token"`, () => undefined),
  );
  registry.serve('/token', redirects(`http://${strangerAt}/token`));
  await expect(client.digestOf(image, never)).rejects.toThrow(/gives none now \(HTTP 307/);
  expect(asked(stranger)).toEqual([]);
});

test.each([
  ['in a circle', '/v2/team/train/manifests/v3', /redirects more than 5 times/],
  [
    'to this machine',
    'http://127.0.0.1:2375/info',
    /redirects to http:\/\/127\.0\.0\.1:2375\/info, where it is not followed/,
  ],
  ['to a metadata server', 'http://169.254.169.254/latest', /is not followed/],
  ['to a file', 'file:///etc/passwd', /is not followed/],
  ['to nowhere', 'http://', /is not followed/],
  ['to somebody with a password', 'https://a:b@registry.example/', /is not followed/],
])('redirects %s end', async (_, location, words) => {
  const { registry, client, image } = await scene();
  registry.serve(path, redirects(location));
  const failure = client.digestOf(image, never);
  await expect(failure).rejects.toEqual(failsAs('RegistryUnavailable'));
  await expect(failure).rejects.toThrow(words);
  expect(registry.requests().length).toBeLessThan(7);
});

test.each([
  ['of another content', sha256('another')],
  ['that is none', 'sha256:abc'],
  ['of another algorithm', `md5:${'0'.repeat(32)}`],
  ['with a path', '../../../../x'],
])('a digest %s is not believed', async (_, digest) => {
  const { registry, client, image } = await scene();
  registry.serve(path, (exchange) => {
    exchange.json({ config: { digest: sha256('config') } }, 200, { 'docker-content-digest': digest });
  });
  await expect(client.manifest(image, never)).rejects.toThrow(/says something else about team\/train than it should/);
});

test('content that is not what was asked for by its digest is not believed', async () => {
  const { registry, client, at, image } = await scene();
  const wanted = sha256('wanted');
  const other: Answer = (exchange) => {
    exchange.json({ config: { digest: wanted } }, 200, { 'docker-content-digest': wanted });
  };
  registry.serve(`/v2/team/train/manifests/${wanted}`, other);
  registry.serve(`/v2/team/train/blobs/${wanted}`, other);
  await expect(client.manifest(parseImageName(`${at}/team/train@${wanted}`), never)).rejects.toThrow(/than it should/);
  serveManifest(registry, 'team/train', { config: { digest: wanted } }, ['v3']);
  await expect(client.config(image, 'linux/amd64', never)).rejects.toThrow(/than it should/);
});

test('a HEAD for a digest that is answered with another is not believed', async () => {
  const { registry, client, at } = await scene();
  registry.serve(`/v2/team/train/manifests/${sha256('wanted')}`, (exchange) => {
    exchange.json({}, 200, { 'docker-content-digest': sha256('other') });
  });
  const image = parseImageName(`${at}/team/train@${sha256('wanted')}`);
  await expect(client.digestOf(image, never)).rejects.toThrow(/its digest is sha256:\w+ and not sha256:/);
});

test.each([
  ['HTML', '<html>Log in to the guest network</html>'],
  ['nothing', ''],
  ['a list', '[]'],
  ['a digest that is a path', '{"config":{"digest":"../../../token"}}'],
  ['a digest of an index that is a path', '{"manifests":[{"digest":"../../../token"}]}'],
])('%s in place of a manifest is not understood, and not shown', async (_, body) => {
  const { registry, client, image } = await scene();
  registry.serve(path, (exchange) => {
    exchange.end(body);
  });
  for (const failure of [client.manifest(image, never), client.digestOf(image, never)]) {
    await expect(failure).rejects.toEqual(failsAs('RegistryUnavailable'));
    await expect(failure).rejects.toThrow(/that is not understood$/);
  }
});

test('an index of indexes is not followed', async () => {
  const { registry, client, image } = await scene();
  const platform = { os: 'linux', architecture: 'amd64' };
  const inner = serveManifest(registry, 'team/train', { manifests: [] });
  serveManifest(registry, 'team/train', { manifests: [{ digest: inner, platform }] }, ['v3']);
  await expect(client.config(image, 'linux/amd64', never)).rejects.toThrow(/lacks the image for linux\/amd64/);
});

test('a body without an end is read to its bound', async () => {
  const { registry, client, image } = await scene();
  let sent = 0;
  registry.serve(path, async (exchange) => {
    const part = Buffer.alloc(1_048_576, ' ');
    const closed = exchange.closed.then(() => 'closed');
    while ((await Promise.race([exchange.write(part), closed])) !== 'closed') sent += 1;
  });
  await expect(client.manifest(image, never)).rejects.toThrow(/says more about team\/train than 4194304 bytes/);
  expect(sent).toBeLessThan(100);
});

test.each([
  ['a body', (exchange) => exchange.write('{')],
  ['headers', () => undefined],
] satisfies [string, Answer][])('%s that does not come is given up', async (_, answer) => {
  const { registry, client, image } = await scene({ answerTimeoutMs: 200 });
  registry.serve(path, answer);
  const failure = client.manifest(image, never);
  await expect(failure).rejects.toEqual(failsAs('RegistryUnavailable'));
  await expect(failure).rejects.toThrow(/does not answer: .*timeout/);
});

test('headers without an end are not read', async () => {
  const { registry, client, image } = await scene();
  registry.serve(path, (exchange) => {
    exchange.json({}, 200, { 'docker-content-digest': 'x'.repeat(1_000_000) });
  });
  await expect(client.digestOf(image, never)).rejects.toEqual(failsAs('RegistryUnavailable'));
});

test.each([
  ['after a token', 'Bearer t1-of-bob', (at: string) => `Bearer realm="http://${at}/token"`],
  ['after a password', `Basic ${auth}`, () => 'Basic'],
  ['of its token server', 'Bearer t2', (at: string) => `Bearer realm="http://${at}/refusing"`],
])('words of a registry %s move no terminal, show no secret and are not long', async (_, authorization, challenge) => {
  const { registry, at, client, image } = await scene();
  const hostile = `\u001b[2J\u001b]0;owned\u0007\r\n pw-\u001b[31mof-bob ${auth} t1-of-bob ${'x'.repeat(10_000)}`;
  const refusal = refuses(403, '\u001b[31mDENIED', hostile);
  registry.serve('/token', (exchange) => {
    exchange.json({ token: 't1-of-bob' });
  });
  registry.serve('/refusing', refusal);
  registry.serve(path, behind(authorization, challenge(at), refusal));
  const failure = client.manifest(image, never);
  await expect(failure).rejects.toEqual(failsAs('RegistryDenied'));
  await expect(failure).rejects.toThrow(/user "bob".*\(HTTP 403, DENIED: +\*\*\* \*\*\* \S+ x+…\)/);
  await expect(failure).rejects.not.toThrow(/\p{Cc}|pw-of-bob/u);
  await expect(failure).rejects.toThrow(/^.{1,700}$/);
});

test.each([['with\r\nx-owned: 1'], ['with space'], ['ü'], [''], [7], [null]])(
  'a token that is %j goes into no header',
  async (token) => {
    const { registry, at, client, image } = await scene();
    registry.serve(
      path,
      behind('Bearer never', `Bearer realm="http://${at}/token"`, () => undefined),
    );
    registry.serve('/token', (exchange) => {
      exchange.json({ token });
    });
    await expect(client.digestOf(image, never)).rejects.toThrow(/gives something that is no token/);
    expect(asked(registry)).toEqual([`HEAD ${path}`, 'GET /token']);
  },
);

test('what a challenge says stays in the question for a token', async () => {
  const { registry, at, client, image } = await scene();
  const challenge = `Bearer realm="http://${at}/token",service="a&account=root#x",scope="x y&scope=z"`;
  registry.serve(
    path,
    behind('Bearer never', challenge, () => undefined),
  );
  await expect(client.digestOf(image, never)).rejects.toEqual(failsAs('RegistryDenied'));
  expect(Object.fromEntries(registry.requests('/token')[0]?.query ?? [])).toEqual({
    service: 'a&account=root#x',
    scope: 'x y&scope=z',
    client_id: 'relaunch',
    account: 'bob',
  });
});
