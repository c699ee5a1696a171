import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dockerCredentials } from '../../activities/images/registry/docker-config.ts';
import { failsAs } from '../support/fails-as.ts';
import { never } from '../support/backend-harness.ts';
import { base64, credentialHelper, dockerConfigDir } from '../support/scripted-registry.ts';

const auth = (text: string): { auth: string } => ({ auth: base64(text) });
const bob = { kind: 'password', username: 'bob', password: 'pw' };
const says = (username: string, secret: string): string =>
  `cat >asked; echo '${JSON.stringify({ ServerURL: 'x', Username: username, Secret: secret })}'`;

/** What a configuration has for a host. */
const credentials = async (config: unknown, host = 'registry.example') =>
  dockerCredentials(await dockerConfigDir(config), host, never);

test.each([
  ['a password', 'registry.example', { 'registry.example': auth('bob:pw') }, bob],
  [
    'a password with colons',
    'registry.example',
    { 'registry.example': auth('AWS:a:b:c') },
    { kind: 'password', username: 'AWS', password: 'a:b:c' },
  ],
  ['zeros behind it', 'registry.example', { 'registry.example': auth('bob:pw\0\0') }, bob],
  ['open words', 'registry.example', { 'registry.example': { username: 'bob', password: 'pw' } }, bob],
  [
    'an identity token beside a user',
    'registry.example',
    { 'registry.example': { ...auth('bob:'), identitytoken: 'it' } },
    { kind: 'identity-token', token: 'it' },
  ],
  ['a log-in that a store keeps, without a store', 'registry.example', { 'registry.example': {} }, undefined],
  ['another host', 'registry.example', { 'registry.example.evil': auth('bob:pw') }, undefined],
  ['another port', 'registry.example:5000', { 'registry.example': auth('bob:pw') }, undefined],
  ['a port', 'registry.example:5000', { 'registry.example:5000': auth('bob:pw') }, bob],
  ['a key with a scheme and a path', 'registry.example', { 'https://registry.example/v1/': auth('bob:pw') }, bob],
  ['a key with http', 'registry.example:80', { 'http://registry.example:80': auth('bob:pw') }, bob],
  [
    'an exact key before others',
    'registry.example',
    { 'https://registry.example': auth('old:pw'), 'registry.example': auth('bob:pw') },
    bob,
  ],
  ['Docker Hub', 'docker.io', { 'https://index.docker.io/v1/': auth('bob:pw') }, bob],
  ['Docker Hub by its name', 'docker.io', { 'docker.io': auth('bob:pw') }, bob],
  ['the name of a property of every object', 'constructor', {}, undefined],
])('auths: %s', async (_, host, auths, expected) => {
  expect(await credentials({ auths }, host)).toEqual(expected);
});

test('no file is no credentials', async () => {
  expect(await dockerCredentials('/nowhere', 'registry.example', never)).toBeUndefined();
});

test('the file is read anew each time', async () => {
  const directory = await dockerConfigDir({});
  expect(await dockerCredentials(directory, 'registry.example', never)).toBeUndefined();
  await writeFile(join(directory, 'config.json'), JSON.stringify({ auths: { 'registry.example': auth('bob:pw') } }));
  expect(await dockerCredentials(directory, 'registry.example', never)).toEqual(bob);
});

test.each([
  ['no JSON', '{"auths": {"registry.example": {"auth": "c2VjcmV0"'],
  ['no object', '"c2VjcmV0"'],
  ['an auth of another type', { auths: { 'registry.example': { auth: ['c2VjcmV0'] } } }],
  ['an auth that is no pair', { auths: { 'registry.example': { auth: 'c2VjcmV0' } } }],
  ['an auth of nobody', { auths: { 'registry.example': auth(':secret') } }],
])('%s is an error that names the file and shows nothing of what is in it', async (_, config) => {
  const failure = credentials(config);
  await expect(failure).rejects.toEqual(failsAs('RegistryDenied'));
  await expect(failure).rejects.toThrow('config.json');
  await expect(failure).rejects.not.toThrow(/secret|c2V/);
});

test('a helper of the registry wins over the store, the store over the file', async () => {
  const own = await credentialHelper('own', says('bob', 'pw'));
  const store = await credentialHelper('store', says('of-the-store', 'pw'));
  const auths = { 'registry.example': auth('of-the-file:pw'), 'other.example': auth('of-the-file:pw') };
  const config = { auths, credsStore: 'store', credHelpers: { 'registry.example': 'own' } };
  expect(await credentials(config)).toEqual(bob);
  expect(await readFile(join(own, 'asked'), 'utf8')).toBe('registry.example');
  expect(existsSync(join(store, 'asked'))).toBe(false);
  expect(await credentials(config, 'other.example')).toMatchObject({ username: 'of-the-store' });
  expect(await readFile(join(store, 'asked'), 'utf8')).toBe('other.example');
});

test('a helper is asked for Docker Hub by the name that Docker has for it', async () => {
  const directory = await credentialHelper('hub', says('bob', 'pw'));
  expect(await credentials({ credHelpers: { 'docker.io': 'hub' } }, 'docker.io')).toEqual(bob);
  expect(await readFile(join(directory, 'asked'), 'utf8')).toBe('https://index.docker.io/v1/');
});

test('a helper may have an identity token', async () => {
  await credentialHelper('acr', says('<token>', 'it'));
  expect(await credentials({ credsStore: 'acr' })).toEqual({ kind: 'identity-token', token: 'it' });
});

test.each([
  ['says that it has none', 'echo credentials not found in native keychain; exit 1'],
  ['has an empty secret', says('', '')],
])('a helper that %s has none; the file is not asked then', async (_, script) => {
  await credentialHelper('empty', script);
  const auths = { 'registry.example': auth('of-the-file:pw') };
  expect(await credentials({ auths, credsStore: 'empty' })).toBeUndefined();
});

test.each([['../../bin/sh'], ['x; touch owned'], ['Own'], ['a.exe'], ['a\nb'], ['$(touch owned)']])(
  '%j is no name of a helper: nothing is started',
  async (name) => {
    await expect(credentials({ credsStore: name })).rejects.toThrow(/is no name: small letters, digits and dashes/);
  },
);

test('a helper gets the host as it is, not through a shell', async () => {
  const directory = await credentialHelper('own', 'cat >asked; printf "%s\\n" "$#" "$1" >arguments; exit 1');
  await expect(credentials({ credsStore: 'own' }, '$(touch owned);x')).rejects.toEqual(failsAs('RegistryUnavailable'));
  expect(await readFile(join(directory, 'asked'), 'utf8')).toBe('$(touch owned);x');
  expect(await readFile(join(directory, 'arguments'), 'utf8')).toBe('1\nget\n');
  expect(existsSync(join(directory, 'owned'))).toBe(false);
});

test('a helper that is not there is something to be changed', async () => {
  const failure = credentials({ credsStore: 'not-there' });
  await expect(failure).rejects.toEqual(failsAs('RegistryDenied'));
  await expect(failure).rejects.toThrow(/docker-credential-not-there.*registry\.example.*PATH/);
});

test.each([
  ['its words', `echo "no net"; printf '\\033[2Jred' >&2; exit 3`, /exit 3, no net red$/],
  ['nothing of what may be an answer', `echo '{"Secret":"pw-of-bob"}'; exit 1`, /^(?!.*pw-of-bob)/],
  ['no more than a line', 'yes long | head -c 100000; exit 1', /^.{1,500}$/],
  ['that it is no answer', 'echo ok', /is no \{"Username"/],
  ['that it is no answer, without it', `echo '{"Secret":"pw-of-bob"}'`, /^(?!.*pw-of-bob)/],
])('of a helper that fails one sees %s', async (_, script, words) => {
  await credentialHelper('failing', script);
  const failure = credentials({ credsStore: 'failing' });
  await expect(failure).rejects.toEqual(failsAs('RegistryUnavailable'));
  await expect(failure).rejects.toThrow(words);
});

test('a helper that hangs ends with the one who waits for it', async () => {
  await credentialHelper('hanging', 'exec sleep 60');
  const directory = await dockerConfigDir({ credsStore: 'hanging' });
  await expect(dockerCredentials(directory, 'registry.example', AbortSignal.timeout(200))).rejects.toThrow(
    expect.objectContaining({ name: 'TimeoutError' }) as Error,
  );
});
