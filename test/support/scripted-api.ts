import { createServer, type Server } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import { KubernetesApi } from '../../activities/backends/kubernetes/api.ts';
import type { LogText } from '../../activities/backends/kubernetes/log-position.ts';
import type { Metadata } from '../../activities/backends/kubernetes/objects.ts';
import { listening } from '../../scripts/testbed/loopback.ts';
import { ScriptedHttp, type Exchange } from './scripted-http.ts';

/** An API server that says what a test tells it to, on loopback. */
export class ScriptedApi extends ScriptedHttp {
  readonly config = new KubeConfig();
  readonly api: KubernetesApi;

  private constructor(server: Server) {
    super(server, 'http');
    this.config.loadFromOptions({
      clusters: [{ name: 'scripted', server: this.url, skipTLSVerify: true }],
      users: [{ name: 'nobody', token: 'token-of-nobody' }],
      contexts: [{ name: 'scripted', cluster: 'scripted', user: 'nobody' }],
      currentContext: 'scripted',
    });
    this.api = new KubernetesApi(this.config, this.url);
  }

  /** Until the test is over. */
  static override async start(): Promise<ScriptedApi> {
    return new ScriptedApi(await listening(createServer()));
  }

  override async stop(): Promise<void> {
    this.api.close();
    await super.stop();
  }
}

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
