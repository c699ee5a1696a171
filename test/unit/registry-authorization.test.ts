import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { parseImageName } from '../../activities/images/registry/image-name.ts';
import { RegistryClient } from '../../activities/images/registry/registry-client.ts';
import type { RegistryOptions } from '../../activities/images/registry/registry-api.ts';
import { never } from '../support/backend-harness.ts';
import { failsAs } from '../support/fails-as.ts';
import { ScriptedHttp, type Answer } from '../support/scripted-http.ts';
import { asked, base64, behind, dockerConfigDir, refuses, sha256 } from '../support/scripted-registry.ts';

const digest = sha256('x');
const path = '/v2/team/train/manifests/v3';
const head = `HEAD ${path}`;

const has: Answer = (exchange) => {
  exchange.json({}, 200, { 'docker-content-digest': digest });
};
const gives =
  (token: unknown): Answer =>
  (exchange) => {
    exchange.json(token);
  };

interface Scene {
  registry: ScriptedHttp;
  digestOf(repository?: string): Promise<string | undefined>;
}

/** A registry of which every manifest is behind an authorization, and a client whose Docker is logged in there. */
async function scene(
  authorization: string,
  challenge: (registry: ScriptedHttp) => string,
  entry?: object,
  options: RegistryOptions = {},
): Promise<Scene> {
  const registry = await ScriptedHttp.start();
  for (const repository of ['team/train', 'team/other']) {
    registry.serve(`/v2/${repository}/manifests/v3`, behind(authorization, challenge(registry), has));
  }
  const auths = entry === undefined ? {} : { [registry.host]: entry };
  const client = new RegistryClient({ dockerConfigDir: await dockerConfigDir({ auths }), ...options });
  return {
    registry,
    digestOf: (repository = 'team/train') =>
      client.digestOf(parseImageName(`${registry.host}/${repository}:v3`), never),
  };
}

const bearer = (registry: ScriptedHttp): string =>
  `Bearer realm="${registry.url}/token?kept=1",service="reg & co",scope="repository:team/train:pull"`;
const basic = (): string => 'Basic realm="Registry"';
const bob = { auth: base64('bob:pw:of:bob') };
const asBob = `Basic ${base64('bob:pw:of:bob')}`;

test('a public registry with tokens gives one to anybody; while it is good, a question is one request', async () => {
  const { registry, digestOf } = await scene('Bearer t1', bearer);
  registry.serve('/token', gives({ token: 't1', expires_in: 300 }));
  expect(await digestOf()).toBe(digest);
  expect(asked(registry)).toEqual([head, 'GET /token', head]);
  const [request] = registry.requests('/token');
  expect(request?.headers.authorization).toBeUndefined();
  expect(Object.fromEntries(request?.query ?? [])).toEqual({
    kept: '1',
    service: 'reg & co',
    scope: 'repository:team/train:pull',
    client_id: 'relaunch',
  });
  expect(await digestOf()).toBe(digest);
  expect(asked(registry)).toEqual([head, 'GET /token', head, head]);
});

test('a registry without tokens is asked once', async () => {
  const registry = await ScriptedHttp.start();
  registry.serve(path, has);
  const client = new RegistryClient();
  expect(await client.digestOf(parseImageName(`${registry.host}/team/train:v3`), never)).toBe(digest);
  expect(asked(registry)).toEqual([head]);
});

test('a password goes to the token server alone, a token to the registry', async () => {
  const { registry, digestOf } = await scene('Bearer t1', bearer, bob);
  registry.serve('/token', gives({ access_token: 't1' }));
  expect(await digestOf()).toBe(digest);
  expect(registry.requests().map(({ headers }) => headers.authorization)).toEqual([undefined, asBob, 'Bearer t1']);
  expect(registry.requests('/token')[0]?.query.get('account')).toBe('bob');
});

test('an identity token is exchanged by POST, in the body', async () => {
  const { registry, digestOf } = await scene('Bearer t1', bearer, { identitytoken: 'it &=' });
  registry.serve('/token', gives({ access_token: 't1' }));
  expect(await digestOf()).toBe(digest);
  const [request] = registry.requests('/token');
  expect(request?.method).toBe('POST');
  expect(request?.headers.authorization).toBeUndefined();
  expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded');
  expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
    grant_type: 'refresh_token',
    refresh_token: 'it &=',
    service: 'reg & co',
    scope: 'repository:team/train:pull',
    client_id: 'relaunch',
  });
});

test('each repository has a token of its own', async () => {
  const { registry, digestOf } = await scene('Bearer t1', bearer);
  registry.serve('/token', gives({ token: 't1' }));
  await digestOf();
  await digestOf('team/other');
  await digestOf();
  expect(registry.requests('/token')).toHaveLength(2);
});

test('a challenge without a scope is answered for the repository', async () => {
  const { registry, digestOf } = await scene('Bearer t1', ({ url }) => `Bearer realm="${url}/token"`);
  registry.serve('/token', gives({ token: 't1' }));
  expect(await digestOf()).toBe(digest);
  expect(registry.requests('/token')[0]?.query.get('scope')).toBe('repository:team/train:pull');
  expect(registry.requests('/token')[0]?.query.has('service')).toBe(false);
});

test('a token is not used after its end, nor shortly before', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const { registry, digestOf } = await scene('Bearer t1', bearer);
  registry.serve('/token', gives({ token: 't1', expires_in: 60 }));
  await digestOf();
  await digestOf();
  expect(registry.requests('/token')).toHaveLength(1);
  vi.advanceTimersByTime(56_000);
  await digestOf();
  expect(asked(registry).slice(-3)).toEqual([head, 'GET /token', head]);
});

test('a token that is refused before its end is replaced', async () => {
  const { registry, digestOf } = await scene('Bearer t1', bearer);
  registry.serve('/token', gives({ token: 't1' }));
  await digestOf();
  registry.next(path, refuses(401, 'UNAUTHORIZED', 'revoked', { 'www-authenticate': bearer(registry) }));
  expect(await digestOf()).toBe(digest);
  expect(registry.requests('/token')).toHaveLength(2);
});

test('a registry that wants a password gets it with each request, once it has said so', async () => {
  const { registry, digestOf } = await scene(asBob, basic, bob);
  expect(await digestOf()).toBe(digest);
  expect(asked(registry)).toEqual([head, head]);
  expect(await digestOf()).toBe(digest);
  expect(asked(registry)).toEqual([head, head, head]);
});

test('of two ways a token is taken, for which the password is shown less often', async () => {
  const both = (registry: ScriptedHttp): string => `Basic realm="x", ${bearer(registry)}`;
  const { registry, digestOf } = await scene('Bearer t1', both, bob);
  registry.serve('/token', gives({ token: 't1' }));
  expect(await digestOf()).toBe(digest);
});

test('a password that was changed meanwhile is used at once', async () => {
  const registry = await ScriptedHttp.start();
  const directory = await dockerConfigDir({ auths: { [registry.host]: { auth: base64('bob:old') } } });
  registry.serve(path, behind(asBob, basic(), has));
  const client = new RegistryClient({ dockerConfigDir: directory });
  const image = parseImageName(`${registry.host}/team/train:v3`);
  await expect(client.digestOf(image, never)).rejects.toEqual(failsAs('RegistryDenied'));
  await writeFile(join(directory, 'config.json'), JSON.stringify({ auths: { [registry.host]: bob } }));
  expect(await client.digestOf(image, never)).toBe(digest);
});

test.each([
  ['a wrong password', basic, { auth: base64('bob:guessed-pw') }, /to user "bob" \(HTTP 401\)/],
  ['no password', basic, undefined, /wants a user and a password, and there are none for it: docker login 127/],
  ['only an identity token', basic, { identitytoken: 'guessed-pw' }, /there is only an identity token/],
  ['a challenge that says nothing', () => '', bob, /does not say what it wants \(HTTP 401\)/],
  ['a scheme that is not known', () => 'Negotiate', bob, /does not say what it wants/],
])('%s ends the matter, with the registry and the account', async (_, challenge, entry, words) => {
  const { registry, digestOf } = await scene(asBob, challenge, entry);
  const failure = digestOf();
  await expect(failure).rejects.toEqual(failsAs('RegistryDenied'));
  await expect(failure).rejects.toThrow(words);
  await expect(failure).rejects.toThrow(registry.host);
  await expect(failure).rejects.not.toThrow(/guessed-pw|pw:of:bob|Basic /);
});

test.each([
  ['a user', bob, /gives none to user "bob" for repository:team\/train:pull \(HTTP 401, UNAUTHORIZED: no/],
  ['an identity token', { identitytoken: 'it' }, /gives none to its identity token for/],
  ['nobody', undefined, /gives none without credentials for/],
])('a token server that refuses %s ends the matter', async (_, entry, words) => {
  const { registry, digestOf } = await scene('Bearer t1', bearer, entry);
  registry.serve('/token', refuses(401, 'UNAUTHORIZED', 'no'));
  const failure = digestOf();
  await expect(failure).rejects.toEqual(failsAs('RegistryDenied'));
  await expect(failure).rejects.toThrow(words);
});

test('a token that the registry refuses ends the matter', async () => {
  const { registry, digestOf } = await scene('Bearer t1', bearer, bob);
  registry.serve('/token', gives({ token: 'guessed-token' }));
  const failure = digestOf();
  await expect(failure).rejects.toEqual(failsAs('RegistryDenied'));
  await expect(failure).rejects.toThrow(/does not show team\/train to user "bob" \(HTTP 401/);
  expect(asked(registry)).toEqual([head, 'GET /token', head]);
});

test('403 is no question of how to ask', async () => {
  const { registry, digestOf } = await scene(asBob, basic, bob);
  registry.serve(path, refuses(403, 'DENIED', 'requested access to the resource is denied'));
  const failure = digestOf();
  await expect(failure).rejects.toEqual(failsAs('RegistryDenied'));
  await expect(failure).rejects.toThrow('does not show team/train to somebody without credentials (HTTP 403)');
  expect(asked(registry)).toEqual([head]);
});
