import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { ended, hostOf, listening } from '../../scripts/testbed/loopback.ts';

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

/** A server on loopback that says what a test tells it to. */
export class ScriptedHttp {
  readonly url: string;
  /** Address and port. */
  readonly host: string;
  readonly #server: Server;
  readonly #next = new Map<string, Answer[]>();
  readonly #served = new Map<string, Answer>();
  readonly #requests: Exchange[] = [];

  protected constructor(server: Server, scheme: 'http' | 'https') {
    this.#server = server;
    this.host = hostOf(server);
    this.url = `${scheme}://${this.host}`;
    server.on('request', (request, response) => void this.#answer(request, response));
    onTestFinished(() => this.stop());
  }

  /** Until the test is over. */
  static async start(certificate?: { key: string; cert: string }): Promise<ScriptedHttp> {
    const server = certificate === undefined ? createServer() : createTlsServer(certificate);
    return new ScriptedHttp(await listening(server), certificate === undefined ? 'http' : 'https');
  }

  /** What a path says from now on. */
  serve(path: string, answer: Answer): void {
    this.#served.set(path, answer);
  }

  /** What a path says to the next requests, one answer each, before it goes on as served. */
  next(path: string, ...answers: Answer[]): void {
    this.#next.set(path, [...(this.#next.get(path) ?? []), ...answers]);
  }

  /** Those that came for a path, or for any, in order. */
  requests(path?: string): Exchange[] {
    return this.#requests.filter((one) => path === undefined || one.path === path);
  }

  stop(): Promise<void> {
    return ended(this.#server);
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
