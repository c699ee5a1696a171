import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import { onTestFinished } from 'vitest';
import { KubernetesApi } from '../../activities/backends/kubernetes/api.ts';
import type { LogText } from '../../activities/backends/kubernetes/log-position.ts';
import type { Metadata } from '../../activities/backends/kubernetes/objects.ts';

/** One request as it came, and the pen to answer it with. */
export class Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly #response: ServerResponse;
  /** Resolves when the answer is over, or the client has gone. */
  readonly closed: Promise<undefined>;

  constructor(request: IncomingMessage, response: ServerResponse, body: string) {
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    this.method = request.method ?? '';
    this.path = url.pathname;
    this.query = url.searchParams;
    this.headers = request.headers;
    this.body = body;
    this.#response = response;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    response.once('close', () => {
      resolve(undefined);
    });
    this.closed = promise;
  }

  get isWatch(): boolean {
    return this.query.get('watch') === 'true';
  }

  /** A whole answer. */
  json(value: unknown, code = 200, headers: Record<string, string> = {}): void {
    this.#response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  }

  /** Kubernetes' own way to say no. */
  refuse(code: number, status: object = {}, headers: Record<string, string> = {}): void {
    this.json({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, ...status }, code, headers);
  }

  /** Some of an answer that goes on. */
  write(part: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#response.write(part, () => {
        resolve();
      });
    });
  }

  /** The headers of an answer, and nothing yet. */
  begin(): void {
    this.#response.flushHeaders();
  }

  end(part = ''): void {
    this.#response.end(part);
  }

  /** The connection is lost when this has been sent. */
  async cut(part: string | Uint8Array = ''): Promise<void> {
    this.begin();
    if (part.length > 0) await this.write(part);
    this.#response.destroy();
  }
}

export type Answer = (exchange: Exchange) => void | Promise<void>;

/** An API server that says what a test tells it to, on loopback. */
export class ScriptedApi {
  readonly config = new KubeConfig();
  readonly url: string;
  readonly api: KubernetesApi;
  readonly #server: Server;
  readonly #next = new Map<string, Answer[]>();
  readonly #served = new Map<string, Answer>();
  readonly #requests: Exchange[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    this.config.loadFromOptions({
      clusters: [{ name: 'scripted', server: this.url, skipTLSVerify: true }],
      users: [{ name: 'nobody', token: 'token-of-nobody' }],
      contexts: [{ name: 'scripted', cluster: 'scripted', user: 'nobody' }],
      currentContext: 'scripted',
    });
    this.api = new KubernetesApi(this.config, this.url);
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  /** Until the test is over. */
  static async start(): Promise<ScriptedApi> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const scripted = new ScriptedApi(server);
    onTestFinished(() => scripted.stop());
    return scripted;
  }

  /** What a path says from now on. */
  serve(path: string, answer: Answer): void {
    this.#served.set(path, answer);
  }

  /** What a path says to the next requests, one answer each, before it goes on as served. */
  next(path: string, ...answers: Answer[]): void {
    this.#next.set(path, [...(this.#next.get(path) ?? []), ...answers]);
  }

  /** Those that came for a path, in order. */
  requests(path: string): Exchange[] {
    return this.#requests.filter((one) => one.path === path);
  }

  async stop(): Promise<void> {
    this.api.close();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = new Exchange(request, response, await text(request));
    this.#requests.push(exchange);
    const answer = this.#next.get(exchange.path)?.shift() ?? this.#served.get(exchange.path) ?? notFound;
    await answer(exchange);
  }
}

const notFound: Answer = (exchange) => {
  exchange.refuse(404, { reason: 'NotFound', message: `there is no ${exchange.path}` });
};

export interface Listed {
  metadata: Metadata;
}

/** A collection of an API server: one list in pages, and a watch from any version that it still has. */
export class ScriptedCollection {
  readonly #objects = new Map<string, Listed>();
  readonly #events: { version: number; line: string }[] = [];
  readonly #watches = new Set<Exchange>();
  #version = 100;
  /** Versions before this are forgotten. */
  #oldest = 0;

  constructor(api: ScriptedApi, path: string) {
    api.serve(path, (exchange) => {
      if (exchange.isWatch) this.#watch(exchange);
      else this.#list(exchange);
    });
  }

  put(name: string): void {
    const type = this.#objects.has(name) ? 'MODIFIED' : 'ADDED';
    const object = { metadata: { name, uid: `uid-${name}`, resourceVersion: String(++this.#version) } };
    this.#objects.set(name, object);
    this.#tell(type, object);
  }

  remove(name: string): void {
    const { metadata } = this.#objects.get(name) ?? { metadata: { name, uid: '' } };
    this.#objects.delete(name);
    this.#tell('DELETED', { metadata: { ...metadata, resourceVersion: String(++this.#version) } });
  }

  /** Something else happened, and the watches are told how far they are. */
  bookmark(): string {
    this.#version += 10;
    this.#tell('BOOKMARK', { metadata: { resourceVersion: String(this.#version) } });
    return String(this.#version);
  }

  /** Whoever asks for changes since an earlier version is told to list again. */
  compact(): void {
    this.#oldest = this.#version;
  }

  /** All watches end, without a word or in the middle of one. */
  endWatches(part = ''): void {
    for (const watch of this.#watches) watch.end(part);
    this.#watches.clear();
  }

  /** All watches lose their connections after this. */
  async cutWatches(part = ''): Promise<void> {
    const cut = [...this.#watches];
    this.#watches.clear();
    await Promise.all(cut.map((watch) => watch.cut(part)));
  }

  #tell(type: string, object: object): void {
    const line = `${JSON.stringify({ type, object })}\n`;
    this.#events.push({ version: this.#version, line });
    for (const watch of this.#watches) void watch.write(line);
  }

  #list(exchange: Exchange): void {
    const [version = String(this.#version), offset = '0'] = exchange.query.get('continue')?.split('/') ?? [];
    const end = Number(offset) + Number(exchange.query.get('limit') ?? Infinity);
    const all = [...this.#objects.values()];
    exchange.json({
      metadata: { resourceVersion: version, continue: end < all.length ? `${version}/${String(end)}` : '' },
      items: all.slice(Number(offset), end),
    });
  }

  #watch(exchange: Exchange): void {
    exchange.begin();
    const from = Number(exchange.query.get('resourceVersion'));
    if (from < this.#oldest) {
      const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      exchange.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      return;
    }
    for (const { version, line } of this.#events) if (version > from) void exchange.write(line);
    this.#watches.add(exchange);
    void exchange.closed.then(() => this.#watches.delete(exchange));
  }
}

/** The log of a container as the API server gives it: from `sinceTime` on, each line with its time. */
export function logText(lines: readonly LogText[], { query }: Exchange): string {
  const since = Date.parse(query.get('sinceTime') ?? '1970-01-01T00:00:00Z');
  return lines
    .filter(({ t }) => Date.parse(t) >= since)
    .map(({ t, m }) => `${t} ${m}\n`)
    .join('');
}
