import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openStore } from '../../store/open-store.ts';
import { openS3Store } from '../../store/s3-store.ts';
import type { Store } from '../../store/store.ts';
import { failsAs } from '../support/fails-as.ts';
import { ended, hostOf, listening } from '../../scripts/testbed/loopback.ts';
import { jobsAtOnce } from '../support/jobs-at-once.ts';
import { byPolicies } from '../support/s3-policy.ts';
import { s3Proxy } from '../support/s3-proxy.ts';
import { s3Env, startS3 } from '../support/s3-server.ts';
import { storeContract } from '../support/store-contract.ts';

const scratch = await mkdtemp(join(tmpdir(), 'relaunch-s3-'));
const server = await startS3();
const proxy = await s3Proxy(server);
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true });
});

Object.assign(process.env, s3Env(server.url));
beforeEach(() => {
  proxy.fault = () => undefined;
  proxy.requests.length = 0;
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const newUrl = (): string => `s3://relaunch/${randomUUID()}`;
const x = Buffer.from('x');

storeContract('a store on S3', () => Promise.resolve(openStore(newUrl())));
// More would mostly wait for their programs to start.
jobsAtOnce('jobs on S3', () => Promise.resolve(openStore(newUrl())), 4);

/** A store behind the proxy. */
function proxied(url = newUrl()): Store {
  vi.stubEnv('AWS_ENDPOINT_URL_S3', proxy.url);
  return openS3Store(url, { idleMs: 300 });
}

type Fault = ReturnType<typeof proxy.fault>;

/** The next requests of a method come to grief. */
function next(method: string, ...faults: Fault[]): void {
  proxy.fault = (request) => (request.method === method ? faults.shift() : undefined);
}

const slowDown = { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' };

test.each<[string, Fault]>([
  ['asks to slow down', slowDown],
  ['fails', { status: 500, code: 'InternalError' }],
  ['cuts the connection', 'cut'],
  ['loses its answer', 'cut-answer'],
  ['says nothing', 'silent'],
])('what S3 %s for is done all the same', async (_, fault) => {
  const store = proxied();
  next('PUT', fault);
  await store.put('runs/a/plan.json', x);
  next('GET', fault);
  expect((await store.get('runs/a/plan.json'))?.bytes).toEqual(new Uint8Array(x));
  next('GET', fault);
  expect(await store.list('')).toEqual(['runs/a/plan.json']);
  next('PUT', fault);
  expect(await store.putIfAbsent('runs/a/plan.json', x)).toBe(false);
  next('DELETE', fault);
  await store.remove('runs/a/plan.json');
  expect(await store.has('runs/a/plan.json')).toBe(false);
});

test('an object that breaks off is read anew', async () => {
  const store = proxied();
  const bytes = Buffer.alloc(200_000, 'x');
  await store.put('a', bytes);
  next('GET', 'cut-body', 'cut-body');
  expect((await store.get('a'))?.bytes).toHaveLength(bytes.length);
});

test('a write under a condition whose answer was lost is known as ours when it is repeated', async () => {
  const store = proxied();
  next('PUT', 'cut-answer');
  expect(await store.putIfAbsent('a', x)).toBe(true);
  const { etag = '' } = (await store.get('a')) ?? {};
  next('PUT', 'cut-answer');
  expect(await store.replaceIfMatch('a', Buffer.from('y'), etag)).toBe(true);
  next('PUT', 'cut-answer');
  expect(await store.replaceIfMatch('a', Buffer.from('z'), etag)).toBe(false);
});

test('a write that another was in the way of is made again', async () => {
  const store = proxied();
  const conflict = { status: 409, code: 'ConditionalRequestConflict' };
  next('PUT', conflict, conflict);
  expect(await store.putIfAbsent('a', x)).toBe(true);
});

test('large objects go in parts, under the same conditions; of one that fails nothing stays', async () => {
  const store = proxied();
  const bytes = Buffer.alloc(20 * 1_024 * 1_024, 'large');
  const parts = (): number => proxy.requests.filter(({ query }) => query.has('partNumber')).length;
  next('POST', undefined, 'cut-answer');
  expect(await store.putIfAbsent('code/a.tar.gz', bytes)).toBe(true);
  expect(parts()).toBe(3);
  const found = await store.get('code/a.tar.gz');
  expect(Buffer.compare(found?.bytes ?? x, bytes)).toBe(0);
  expect(await store.putIfAbsent('code/a.tar.gz', bytes)).toBe(false);
  expect(await store.replaceIfMatch('code/a.tar.gz', bytes, found?.etag ?? '')).toBe(true);
  next('PUT', undefined, { status: 403, code: 'AccessDenied' });
  await expect(store.put('code/b.tar.gz', bytes)).rejects.toEqual(failsAs('StoreUnavailable'));
  const { query, key } = proxy.requests.at(-1) ?? { query: new URLSearchParams() };
  expect([proxy.requests.at(-1)?.method, query.has('uploadId'), key?.endsWith('/code/b.tar.gz')]).toEqual([
    'DELETE',
    true,
    true,
  ]);
});

test('more keys and folders than S3 lists at once', async () => {
  const store = openStore(newUrl());
  const names = Array.from({ length: 1_050 }, (_, i) => String(i));
  await Promise.all(names.map((name) => store.put(`runs/${name}/plan.json`, x)));
  expect(await store.list('runs/')).toEqual(names.map((name) => `runs/${name}/plan.json`).sort());
  expect(await store.folders('runs/')).toEqual(names.toSorted());
});

test('what others put into the bucket is no object of the store', async () => {
  const url = newUrl();
  const store = openStore(url);
  await store.put('queues/gpu.yaml', x);
  for (const key of ['queues/', 'queues/.hidden', '.tmp/x', 'runs//plan.json'])
    await fetch(`${server.url}/${url.slice('s3://'.length)}/${key}`, { method: 'PUT', body: 'x' });
  await fetch(`${server.url}/${url.slice('s3://'.length)}-other/a`, { method: 'PUT', body: 'x' });
  expect(await store.list('')).toEqual(['queues/gpu.yaml']);
  expect(await store.folders('')).toEqual(['queues', 'runs']);
});

/** What each operation says. */
async function refusals(store: Store): Promise<unknown[]> {
  const all = await Promise.allSettled([
    store.get('runs/a/plan.json'),
    store.has('runs/a/plan.json'),
    store.list('runs/'),
    store.put('runs/a/plan.json', x),
    store.putIfAbsent('runs/a/plan.json', x),
    store.replaceIfMatch('runs/a/plan.json', x, '"any"'),
    store.remove('runs/a/plan.json'),
  ]);
  return all.map((one): unknown => (one.status === 'rejected' ? one.reason : one.value));
}

const each = (message: RegExp): unknown[] => Array.from({ length: 7 }, () => failsAs('StoreUnavailable', message));

test('what S3 goes on refusing is unavailable', async () => {
  const store = proxied();
  vi.stubEnv('AWS_MAX_ATTEMPTS', '2');
  proxy.fault = () => slowDown;
  expect(await refusals(store)).toEqual(
    each(
      /^cannot .* runs\/.* in s3:\/\/relaunch\/.*: http:\/\/127.* answered 503, SlowDown: Please reduce your request rate\.$/,
    ),
  );
  expect(proxy.requests).toHaveLength(14);
});

test('an S3 that is not there, or has no such bucket, is named', async () => {
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
  expect(await refusals(openStore('s3://other/x'))).toEqual(
    each(/in s3:\/\/other\/x: http:\/\/127.* has no such bucket/),
  );
  vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:1');
  expect(await refusals(openStore('s3://other/x'))).toEqual(
    each(/: http:\/\/127\.0\.0\.1:1 cannot be reached: connection refused \(ECONNREFUSED\)$/),
  );
  vi.stubEnv('AWS_REGION', undefined);
  expect(await refusals(openStore('s3://other/x'))).toEqual(
    each(/the region of the bucket is not known: set AWS_REGION /),
  );
});

test('who is not allowed something is told who they are, and where the rights are', async () => {
  const store = proxied();
  proxy.fault = () => ({ status: 403, code: 'AccessDenied', message: 'no\nidentity-based policy allows it' });
  expect(await refusals(store)).toEqual(
    each(/: access key AKIATEST may not: docs\/store\.md .*\(AccessDenied: no identity-based policy allows it\)$/),
  );
});

test('each may write what the policies of deploy/s3 give them, and nothing else', async () => {
  const prefix = randomUUID();
  proxy.fault = await byPolicies('relaunch', prefix, () => undefined);
  const keys = {
    queue: 'queues/gpu.yaml',
    code: 'code/a.tar.gz',
    job: 'jobs/project/name/v1.json',
    plan: 'runs/a/plan.json',
    log: 'runs/a/attempts/1/log/00000001.jsonl',
    sweep: 'sweeps/a/plan.json',
    build: 'builds/a.lease',
    slot: 'slots/gpu/1',
    lease: 'agents/a.lease',
    drain: 'drains/a.json',
    commit: 'git/a.json',
    entity: 'entity.json',
    other: 'other/a',
  };
  const may = async (work: Promise<unknown>): Promise<boolean> =>
    work.then(
      () => true,
      (error: unknown) => {
        expect(error).toEqual(failsAs('StoreUnavailable', /access key \w+ may not: .* no policy allows it/));
        return false;
      },
    );
  const rights = async (role: string): Promise<Record<string, string>> => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', role);
    const store = proxied(`s3://relaunch/${prefix}`);
    expect(await store.get(`runs/${role}/plan.json`)).toBeUndefined();
    await store.list('');
    expect(await may(proxied('s3://relaunch/elsewhere').list(''))).toBe(false);
    expect(await may(proxied('s3://relaunch').get('elsewhere/a'))).toBe(false);
    const found: Record<string, string> = {};
    for (const [name, key] of Object.entries(keys)) {
      const ways = {
        new: await may(store.putIfAbsent(key, x)),
        over: await may(store.put(key, x)),
        remove: await may(store.remove(key)),
      };
      const allowed = Object.entries(ways).flatMap(([way, allows]) => (allows ? [way] : []));
      if (allowed.length > 0) found[name] = allowed.join(' ');
    }
    return found;
  };
  expect(await rights('ADMIN')).toEqual({ queue: 'new over remove', drain: 'new over remove' });
  expect(await rights('CLIENT')).toEqual({ code: 'new', job: 'new over' });
  const own = Object.fromEntries(
    ['plan', 'log', 'sweep', 'build', 'slot', 'lease', 'commit'].map((name) => [name, 'new over remove']),
  );
  expect(await rights('AGENT')).toEqual({ ...own, code: 'new', entity: 'new over' });
  await expect(rights('STRANGER')).rejects.toEqual(failsAs('StoreUnavailable', /access key STRANGER may not/));

  vi.stubEnv('AWS_ACCESS_KEY_ID', 'CLIENT');
  const bytes = Buffer.alloc(17 * 1_024 * 1_024, 'large');
  const client = proxied(`s3://relaunch/${prefix}`);
  expect(await client.putIfAbsent('code/large.tar.gz', bytes)).toBe(true);
  expect(await may(client.put('code/large.tar.gz', bytes))).toBe(false);
});

test('credentials that have expired are told, with their profile; renewed ones are taken up', async () => {
  const file = join(scratch, 'credentials');
  const credentials = (key: string): Promise<void> =>
    writeFile(file, `[team]\naws_access_key_id = ${key}\naws_secret_access_key = s\naws_session_token = t\n`);
  await credentials('ASIAOLD');
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
  vi.stubEnv('AWS_PROFILE', 'team');
  const store = proxied();
  proxy.fault = ({ accessKey }) =>
    accessKey === 'ASIAOLD'
      ? { status: 400, code: 'ExpiredToken', message: 'The provided token has expired.' }
      : undefined;
  expect(await refusals(store)).toEqual(
    each(/: the credentials of access key ASIAOLD of profile "team" have expired: renew them \(ExpiredToken: .*\)$/),
  );
  await credentials('ASIANEW');
  await store.put('a', x);
  expect(proxy.requests.at(-1)).toMatchObject({ accessKey: 'ASIANEW' });
});

test('a pod takes a role by its token, and again when the credentials or the token change', async () => {
  const token = join(scratch, 'token');
  const asked: string[] = [];
  const sts = await listening(
    createServer((request, answer) => {
      void text(request).then((body) => {
        const asks = new URLSearchParams(body);
        asked.push(`${asks.get('Action') ?? ''} ${asks.get('RoleArn') ?? ''} ${asks.get('WebIdentityToken') ?? ''}`);
        answer.writeHead(200, { 'content-type': 'text/xml' });
        answer.end(roleOf(`ASIAPOD${String(asked.length)}`, new Date(Date.now() + 60_000)));
      });
    }),
  );
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://${hostOf(sts)}`);
  vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', token);
  vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::123456789012:role/agent');
  const store = proxied();
  const asksWith = (content: string) => `AssumeRoleWithWebIdentity arn:aws:iam::123456789012:role/agent ${content}`;
  await writeFile(token, 'first');
  await store.put('a', x);
  expect(asked[0]).toBe(asksWith('first'));
  expect(proxy.requests[0]?.accessKey).toBe('ASIAPOD1');
  await writeFile(token, 'second');
  const renewed = async (): Promise<string | undefined> => {
    await store.put('a', x);
    return asked.at(-1);
  };
  await expect.poll(renewed).toBe(asksWith('second'));
  expect(proxy.requests.at(-1)?.accessKey).not.toBe('ASIAPOD1');
  proxy.fault = () => ({ status: 403, code: 'AccessDenied' });
  await expect(store.get('a')).rejects.toEqual(
    failsAs('StoreUnavailable', /access key ASIAPOD\d of account 123456789012 may not/),
  );
  await ended(sts);
});

const roleOf = (key: string, expires: Date): string =>
  `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
  <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/agent/pod</Arn><AssumedRoleId>A:pod</AssumedRoleId></AssumedRoleUser>
  <Credentials><AccessKeyId>${key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
  <Expiration>${expires.toISOString()}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;

test('where there are no credentials, the ways to give some are told; given, they are taken up', async () => {
  const store = proxied();
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
  expect(await refusals(store)).toEqual(each(/: there are no credentials of profile "default": set AWS_PROFILE, or /));
  expect(proxy.requests).toEqual([]);
  vi.unstubAllEnvs();
  await store.put('a', x);
});

test('an endpoint that is a name has the bucket in the path', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.url.replace('127.0.0.1', 'localhost'));
  const store = openStore(newUrl());
  await store.put('a', x);
  expect(await store.list('')).toEqual(['a']);
});
