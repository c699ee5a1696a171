import { expect, onTestFinished, test } from 'vitest';
import { KubernetesApi, type ApiRequest } from '../../activities/backends/kubernetes/api.ts';
import { isPassing, StatusError } from '../../activities/backends/kubernetes/status-error.ts';
import { ScriptedApi } from '../support/scripted-api.ts';
import type { Answer } from '../support/scripted-http.ts';
import { never } from '../support/backend-harness.ts';
import { until } from '../support/until.ts';

const path = '/apis/batch/v1/namespaces/default/jobs/digits-a1';

const get = (more: Partial<ApiRequest> = {}): ApiRequest => ({ method: 'GET', path, signal: never, ...more });

const says = (value: unknown): Answer => {
  return (exchange) => {
    exchange.json(value);
  };
};

const refuses = (code: number, status: object = {}, headers: Record<string, string> = {}): Answer => {
  return (exchange) => {
    exchange.refuse(code, status, headers);
  };
};

/** What a rejected promise was rejected with, and how long it took. */
async function failureOf(work: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const begun = performance.now();
  return work.then(
    (value) => {
      throw new Error(`it answered ${JSON.stringify(value)}`);
    },
    (error: unknown) => ({ error, ms: performance.now() - begun }),
  );
}

test('an object goes over as it is, and comes back as it is', async () => {
  const server = await ScriptedApi.start();
  server.serve(path, says({ metadata: { name: 'ö' }, spec: { future: [null, 1.5] } }));
  const body = { spec: { template: { 'unknown field': 'ü' } } };
  const answer = await server.api.send(
    get({ method: 'POST', body, query: { fieldValidation: 'Strict', dryRun: undefined } }),
  );
  expect(answer).toEqual({ metadata: { name: 'ö' }, spec: { future: [null, 1.5] } });
  const [sent] = server.requests(path);
  expect(JSON.parse(sent?.body ?? '')).toEqual(body);
  expect(sent?.headers).toMatchObject({
    'content-type': 'application/json',
    accept: 'application/json',
    authorization: 'Bearer token-of-nobody',
  });
  expect(Object.fromEntries(sent?.query ?? [])).toEqual({ fieldValidation: 'Strict' });
});

test.each([
  [undefined, 'application/merge-patch+json'],
  ['application/json-patch+json', 'application/json-patch+json'],
])('a patch of type %s is sent as %s', async (contentType, sentAs) => {
  const server = await ScriptedApi.start();
  server.serve(path, says({}));
  await server.api.send(get({ method: 'PATCH', body: {}, ...(contentType === undefined ? {} : { contentType }) }));
  expect(server.requests(path)[0]?.headers['content-type']).toBe(sentAs);
});

test('many requests share few connections', async () => {
  const server = await ScriptedApi.start();
  const ports = new Set<string | undefined>();
  server.serve(path, (exchange) => {
    ports.add(exchange.headers.connection);
    exchange.json({});
  });
  for (let i = 0; i < 5; i++) await server.api.send(get());
  expect([...ports]).toEqual(['keep-alive']);
});

test.each([
  ['500', refuses(500)],
  ['503', refuses(503)],
  ['504', refuses(504)],
  ['429', refuses(429)],
  ['401, until a new token is there,', refuses(401)],
  ['a cut connection', (exchange) => exchange.cut()],
  ['half an answer', (exchange) => exchange.cut('{"metadata":')],
] satisfies [string, Answer][])('%s passes: it is asked again', async (_, answer) => {
  const server = await ScriptedApi.start();
  server.next(path, answer);
  server.serve(path, says({ ok: true }));
  expect(await server.api.send(get())).toEqual({ ok: true });
  expect(server.requests(path)).toHaveLength(2);
});

test.each([400, 403, 404, 405, 409, 410, 415, 422])('%i does not pass: it is asked once', async (code) => {
  const server = await ScriptedApi.start();
  server.serve(path, refuses(code, { message: 'no' }));
  const { error } = await failureOf(server.api.send(get()));
  expect(error).toMatchObject({ name: 'StatusError', code });
  expect(isPassing(error)).toBe(false);
  expect(server.requests(path)).toHaveLength(1);
});

test('an answer that is no JSON is not asked for again', async () => {
  const server = await ScriptedApi.start();
  server.serve(path, (exchange) => {
    exchange.end('<html>');
  });
  const { error } = await failureOf(server.api.send(get()));
  expect(error).toBeInstanceOf(SyntaxError);
  expect(server.requests(path)).toHaveLength(1);
});

test('a request that may have been heard is repeated with the same body', async () => {
  const server = await ScriptedApi.start();
  server.next(path, (exchange) => exchange.cut());
  server.serve(path, says({}));
  await server.api.send(get({ method: 'POST', body: { kind: 'Job' } }));
  expect(server.requests(path).map(({ body }) => body)).toEqual(['{"kind":"Job"}', '{"kind":"Job"}']);
});

test('a server says itself when it wants to be asked again', async () => {
  const server = await ScriptedApi.start();
  const soon = refuses(429, {}, { 'retry-after': '0' });
  server.next(path, soon, soon, soon, soon, soon);
  server.serve(path, says({ ok: true }));
  // Without its word, six requests take 1.5 s and more.
  expect(await server.api.send(get({ patienceMs: 1_000 }))).toEqual({ ok: true });
  expect(server.requests(path)).toHaveLength(6);
});

test('a server that wants to be asked again later than there is patience for is not', async () => {
  const server = await ScriptedApi.start();
  server.next(path, refuses(429, { message: 'too many requests' }, { 'retry-after': '60' }));
  server.serve(path, says({}));
  const { error, ms } = await failureOf(server.api.send(get()));
  expect(error).toMatchObject({ code: 429, message: 'too many requests', retryAfterMs: 60_000 });
  expect(ms).toBeLessThan(1_000);
  expect(server.requests(path)).toHaveLength(1);
});

test('a server that wants to be asked again at a date is asked by our own measure', async () => {
  const server = await ScriptedApi.start();
  server.next(path, refuses(503, {}, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }));
  server.serve(path, says({ ok: true }));
  expect(await server.api.send(get())).toEqual({ ok: true });
});

test('a server that stays away is given up, with its last word', async () => {
  const server = await ScriptedApi.start();
  server.serve(path, refuses(503, { message: 'apiserver is shutting down' }));
  const { error, ms } = await failureOf(server.api.send(get({ patienceMs: 400 })));
  expect(error).toMatchObject({ code: 503, message: 'apiserver is shutting down' });
  expect(ms).toBeLessThan(1_000);
  expect(server.requests(path).length).toBeGreaterThan(1);
});

test('a server that is not there is given up, and that passes', async () => {
  const server = await ScriptedApi.start();
  await server.stop();
  const { error } = await failureOf(server.api.send(get({ patienceMs: 200 })));
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  expect(isPassing(error)).toBe(true);
});

const reason = new Error('the agent stops');

test('who lets go while the server is silent is free at once', async () => {
  const server = await ScriptedApi.start();
  server.serve(path, () => undefined);
  const control = new AbortController();
  const failed = failureOf(server.api.send(get({ signal: control.signal })));
  const [silent] = await until('a request', () => (server.requests(path).length > 0 ? server.requests(path) : false));
  const begun = performance.now();
  control.abort(reason);
  expect((await failed).error).toBe(reason);
  expect(performance.now() - begun).toBeLessThan(500);
  await silent?.closed;
});

test('who lets go in the middle of an answer is free at once', async () => {
  const server = await ScriptedApi.start();
  const control = new AbortController();
  server.serve(path, async (exchange) => {
    await exchange.write('{');
    control.abort(reason);
  });
  expect((await failureOf(server.api.send(get({ signal: control.signal })))).error).toBe(reason);
  expect(server.requests(path)).toHaveLength(1);
});

// Backend.follow and its kin reject with the signal's reason; an AbortError would count as the network's fault, and be tried again.
test('who lets go between two tries is free at once, and gets the reason why', async () => {
  const server = await ScriptedApi.start();
  const control = new AbortController();
  server.serve(path, refuses(503, {}, { 'retry-after': '8' }));
  const failed = failureOf(server.api.send(get({ signal: control.signal })));
  await until('an answer', () => server.requests(path)[0]?.closed.then(() => true));
  control.abort(reason);
  const { ms, error } = await failed;
  expect(error).toBe(reason);
  expect(ms).toBeLessThan(2_000);
  expect(server.requests(path)).toHaveLength(1);
});

test('who has let go before asks nothing', async () => {
  const server = await ScriptedApi.start();
  expect((await failureOf(server.api.send(get({ signal: AbortSignal.abort(reason) })))).error).toBe(reason);
  expect(server.requests(path)).toEqual([]);
});

test('a refusal keeps the words of the server: sentence, reason and what is behind it', async () => {
  const server = await ScriptedApi.start();
  const message = 'jobs.batch "digits-a1" is forbidden: unable to create new content in namespace';
  const details = { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }, { message: 'x' }] };
  server.serve(path, refuses(403, { message, reason: 'Forbidden', details }));
  const { error } = await failureOf(server.api.send(get()));
  expect(error).toBeInstanceOf(StatusError);
  expect(error).toMatchObject({ message, code: 403, reason: 'Forbidden', causes: ['NamespaceTerminating'] });
});

test.each([
  ['text', 'upstream is away\n', 'upstream is away'],
  ['nothing', '', 'HTTP 400'],
  ['JSON that is no object', '"no"', '"no"'],
  ['null', 'null', 'null'],
  ['very much', 'x'.repeat(10_000), 'x'.repeat(500)],
  ['a status without a sentence', '{"kind":"Status"}', '{"kind":"Status"}'],
])('a refusal of %s has a sentence', (_, body, sentence) => {
  expect(new StatusError(400, body)).toMatchObject({ message: sentence, reason: '', causes: [] });
});

test('what is not there is found not to be', async () => {
  const server = await ScriptedApi.start();
  expect(await server.api.find(get())).toBeUndefined();
  expect(server.requests(path)).toHaveLength(1);
});

test('what is there is found, and a refusal is no absence', async () => {
  const server = await ScriptedApi.start();
  server.next(path, says({ kind: 'Job' }), refuses(403));
  expect(await server.api.find(get())).toEqual({ kind: 'Job' });
  await expect(server.api.find(get())).rejects.toMatchObject({ code: 403 });
});

test('an answer that goes on is not begun again', async () => {
  const server = await ScriptedApi.start();
  server.serve(path, refuses(500, { message: 'no preferred addresses found' }));
  await expect(server.api.stream(path, {}, never)).rejects.toMatchObject({ code: 500 });
  expect(server.requests(path)).toHaveLength(1);
});

test('a server is named without what is secret in its address', async () => {
  const { config } = await ScriptedApi.start();
  expect(new KubernetesApi(config, 'https://user:secret@10.0.0.1:6443').server).toBe('https://10.0.0.1:6443');
});

// Rancher's clusters are at https://<host>/k8s/clusters/<id>.
test('a server behind a path is asked there', async () => {
  const server = await ScriptedApi.start();
  server.serve(`/k8s/clusters/c-1${path}`, says({ ok: true }));
  const api = new KubernetesApi(server.config, `${server.url}/k8s/clusters/c-1`);
  onTestFinished(() => {
    api.close();
  });
  expect(await api.send(get())).toEqual({ ok: true });
});
