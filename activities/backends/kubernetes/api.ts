import { Agent as HttpAgent, type IncomingMessage, type OutgoingHttpHeaders, type RequestOptions } from 'node:http';
import { Agent } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import { answerTo } from '../../answer-to.ts';
import { patiently } from '../waiting.ts';
import { isPassing, isStatus, StatusError } from './status-error.ts';

export type Query = Readonly<Record<string, string | undefined>>;

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Query;
  body?: unknown;
  /** Of a PATCH, default a merge patch. */
  contentType?: string;
  signal: AbortSignal;
  /** How long an API server that is away or overloaded is asked again; default 10 s. */
  patienceMs?: number;
}

/** One answer to one request takes at most this long; what streams may take for ever. */
const answerTimeoutMs = 30_000;
/** A connection whose other end is gone without a word is found out by this. */
const keepAliveMs = 15_000;

/**
 * The API server of one context. Objects go over as they are: the generated client would drop the fields that it does not know, and with
 * them what `fieldValidation=Strict` is there to find. Credentials, proxies and certificates are client-node's business.
 */
export class KubernetesApi {
  readonly #config: KubeConfig;
  readonly #server: URL;
  readonly #agent: Agent | HttpAgent;

  constructor(config: KubeConfig, server: string) {
    this.#config = config;
    this.#server = new URL(server);
    const options = { keepAlive: true, keepAliveMsecs: keepAliveMs };
    this.#agent = this.#server.protocol === 'http:' ? new HttpAgent(options) : new Agent(options);
  }

  get server(): string {
    return this.#server.origin;
  }

  /** @throws StatusError, or what the network throws */
  async send<T>(request: ApiRequest): Promise<T> {
    const { patienceMs = 10_000, signal } = request;
    const ask = async (): Promise<T> => JSON.parse(await this.#text(request)) as T;
    return patiently({ patienceMs, mostMs: 5_000, signal }, ask, (error, waitMs) => {
      if (!isPassing(error)) return undefined;
      return (error instanceof StatusError ? error.retryAfterMs : undefined) ?? waitMs;
    });
  }

  /** The same; undefined where there is no such object. */
  async find<T>(request: ApiRequest): Promise<T | undefined> {
    try {
      return await this.send<T>(request);
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** An answer that goes on and on: a watch, a log. Not tried again. @throws StatusError, or what the network throws */
  async stream(path: string, query: Query, signal: AbortSignal): Promise<IncomingMessage> {
    return this.#open({ method: 'GET', path, query, signal });
  }

  close(): void {
    this.#agent.destroy();
  }

  async #text(request: ApiRequest): Promise<string> {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(answerTimeoutMs)]);
    return text(await this.#open({ ...request, signal }));
  }

  async #open({ method, path, query = {}, body, contentType, signal }: ApiRequest): Promise<IncomingMessage> {
    // A server may be one of many behind a path, as Rancher's are.
    const url = new URL(`${this.#server.pathname.replace(/\/$/, '')}${path}`, this.#server);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    const headers: OutgoingHttpHeaders = { accept: 'application/json' };
    const options: RequestOptions = { method, headers };
    await this.#config.applyToHTTPSOptions(options);
    // Its agent closes each connection; but only its agent knows a proxy.
    if (this.#config.getCurrentCluster()?.proxyUrl === undefined) options.agent = this.#agent;
    const sent = body === undefined ? undefined : JSON.stringify(body);
    if (sent !== undefined) {
      const type = contentType ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
      headers['content-type'] = type;
      headers['content-length'] = Buffer.byteLength(sent);
    }
    const answer = await answerTo(url, { ...options, signal }, sent);
    if ((answer.statusCode ?? 0) < 300) return answer;
    throw new StatusError(answer.statusCode ?? 0, await text(answer), answer.headers['retry-after']);
  }
}
