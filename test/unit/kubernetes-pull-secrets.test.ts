import { expect, test, vi } from 'vitest';
import { Place } from '../../activities/backends/kubernetes/place.ts';
import { PullSecrets } from '../../activities/backends/kubernetes/pull-secrets.ts';
import type { Credentials } from '../../activities/images/registry/credentials.ts';
import { never } from '../support/backend-harness.ts';
import { failsAs } from '../support/fails-as.ts';
import { ScriptedApi } from '../support/scripted-api.ts';

const host = 'registry.example:5000';
const image = `${host}/team/train:v3`;
const name = 'relaunch-registry-registry.example-5000';
const secrets = '/api/v1/namespaces/train/secrets';

const password = (password: string): Credentials => ({ kind: 'password', username: 'ada', password });

/** A place of a scripted API server, and credentials that change. */
async function scene(first: Credentials | undefined, hosts: readonly string[] = [host]) {
  const server = await ScriptedApi.start();
  for (const kind of ['/apis/batch/v1/namespaces/train/jobs', '/api/v1/namespaces/train/pods'])
    server.serve(kind, (exchange) => {
      exchange.begin();
    });
  const place = new Place({ api: server.api, name: 'train@', namespace: 'train', owner: 'owner-1' });
  const given = { now: first };
  const pulls = new PullSecrets({ hosts, credentialsOf: () => Promise.resolve(given.now), owner: 'owner-1' });
  return { server, place, pulls, given, stop: () => place.close() };
}

function authIn(body: string): unknown {
  const { data } = JSON.parse(body) as { data: Record<string, string> };
  return JSON.parse(Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString());
}

const authOf = (secret: string) => ({ auth: Buffer.from(`ada:${secret}`).toString('base64') });

test('the kubelet finds the credentials in a Secret that was written, and never read', async () => {
  const { server, place, pulls, stop } = await scene(password('one'));
  server.serve(secrets, (exchange) => {
    exchange.json({});
  });
  const pull = await pulls.of(place, image, never);
  expect(pull).toEqual({ name, account: 'ada', host });
  const sent = server.requests(secrets);
  expect(sent.map(({ method }) => method)).toEqual(['POST']);
  expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({
    kind: 'Secret',
    type: 'kubernetes.io/dockerconfigjson',
    metadata: { name, labels: { 'relaunch.dev/owner': 'owner-1' } },
  });
  expect(authIn(sent[0]?.body ?? '')).toEqual({ auths: { [host]: authOf('one') } });
  stop();
});

test('a burst of runs writes it once; a pull that fails later writes what the credentials are then', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const { server, place, pulls, given, stop } = await scene(password('one'));
    server.serve(secrets, (exchange) => {
      exchange.refuse(409, { reason: 'AlreadyExists' });
    });
    server.serve(`${secrets}/${name}`, (exchange) => {
      exchange.json({});
    });
    await Promise.all(Array.from({ length: 20 }, () => pulls.of(place, image, never)));
    await pulls.renew(place, host, never);
    expect(server.requests(`${secrets}/${name}`)).toHaveLength(1);
    given.now = password('two');
    vi.advanceTimersByTime(30_000);
    await pulls.renew(place, host, never);
    const replaced = server.requests(`${secrets}/${name}`);
    expect(replaced.map(({ method }) => method)).toEqual(['PUT', 'PUT']);
    expect(authIn(replaced[1]?.body ?? '')).toEqual({ auths: { [host]: authOf('two') } });
    stop();
  } finally {
    vi.useRealTimers();
  }
});

test('whoever leaves first takes it from nobody else who waits for it', async () => {
  const { server, place, pulls, stop } = await scene(password('one'));
  const asked = Promise.withResolvers<() => void>();
  server.serve(secrets, (exchange) => {
    asked.resolve(() => {
      exchange.json({});
    });
  });
  const leaving = new AbortController();
  const first = pulls.of(place, image, leaving.signal);
  const second = pulls.of(place, image, never);
  const answer = await asked.promise;
  leaving.abort(new Error('left'));
  await expect(first).rejects.toThrow('left');
  answer();
  expect(await second).toMatchObject({ name });
  stop();
});

test('Docker Hub is called there as Docker calls it', async () => {
  const { server, place, pulls, stop } = await scene(password('one'), ['docker.io']);
  server.serve(secrets, (exchange) => {
    exchange.json({});
  });
  expect(await pulls.of(place, 'busybox:1.36', never)).toMatchObject({ name: 'relaunch-registry-docker.io' });
  expect(authIn(server.requests(secrets)[0]?.body ?? '')).toEqual({
    auths: { 'https://index.docker.io/v1/': authOf('one') },
  });
  stop();
});

test('of another registry nothing is written', async () => {
  const { server, place, pulls, stop } = await scene(password('one'));
  expect(await pulls.of(place, 'elsewhere.example/train:v3', never)).toBeUndefined();
  await pulls.renew(place, 'elsewhere.example', never);
  expect(server.requests(secrets)).toEqual([]);
  stop();
});

test('what stands in the way is said: no credentials, credentials that no kubelet can use, no right to write', async () => {
  const { server, place, pulls, given, stop } = await scene(undefined);
  const refused = () => pulls.of(place, image, never);
  await expect(refused()).rejects.toEqual(failsAs('AttemptRefused'));
  await expect(refused()).rejects.toThrow(`registries["${host}"].pullSecret: Docker's`);
  given.now = { kind: 'identity-token', token: 'secret' };
  await expect(refused()).rejects.toThrow('which a kubelet cannot use');
  given.now = password('one');
  server.serve(secrets, (exchange) => {
    exchange.refuse(403, { message: 'secrets is forbidden: User "agent" cannot create' });
  });
  await expect(refused()).rejects.toThrow(`update "${name}": deploy/kubernetes/pull-secrets`);
  stop();
});
