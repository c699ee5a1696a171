import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { getCACertificates } from 'node:tls';
import { answerTo } from '../../answer-to.ts';

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST';
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** Of the answer's body. */
  maxBytes: number;
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Undefined where it was longer than allowed: the rest was not read. */
  body: Buffer | undefined;
  /** Who answered. */
  url: URL;
}

export interface HttpOptions {
  /** Certificates in PEM of authorities that are believed besides the system's. */
  caBundle?: string;
  /** How long one answer may take, its body included. Default 30 s. */
  answerTimeoutMs?: number;
}

/** Sends requests and reads what comes back, within bounds. Follows no redirects. */
export class Http {
  readonly #plain = new HttpAgent({ keepAlive: true });
  readonly #secure: HttpsAgent;
  readonly #answerTimeoutMs: number;

  constructor({ caBundle, answerTimeoutMs = 30_000 }: HttpOptions) {
    const ca = caBundle === undefined ? {} : { ca: [...getCACertificates('default'), caBundle] };
    this.#secure = new HttpsAgent({ keepAlive: true, ...ca });
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  /** @throws what the network throws */
  async send({ method, url, headers, body, maxBytes, signal }: HttpRequest): Promise<HttpAnswer> {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(this.#answerTimeoutMs)]);
    const agent = url.protocol === 'http:' ? this.#plain : this.#secure;
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const answer = await answerTo(url, { method, headers: { ...headers, ...length }, agent, signal: inTime }, body);
    const { statusCode: status = 0, headers: answered } = answer;
    return { status, headers: answered, body: await readUpTo(maxBytes, answer), url };
  }
}

async function readUpTo(maxBytes: number, answer: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
