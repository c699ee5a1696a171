import { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { RelaunchError } from '../../../contracts/failures.ts';
import { patiently } from '../waiting.ts';
import { addressOf } from './engine-address.ts';
import { EngineError, isAnswer, isAway } from './engine-error.ts';

export interface EngineRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Without the version. */
  path: string;
  query?: Readonly<Record<string, string | undefined>>;
  body?: object;
  /** A tar, in place of a body. */
  tar?: Buffer | Readable;
  headers?: Readonly<Record<string, string | readonly string[]>>;
  /** The credentials of a registry, as `X-Registry-Auth` takes them. */
  registryAuth?: string | undefined;
  signal: AbortSignal;
  /** How long an engine that is away is asked again; default 10 s. */
  patienceMs?: number;
  /** How long one answer may take; default 30 s. */
  timeoutMs?: number;
}

/** What the modem of dockerode is to us. */
interface Modem {
  dial(
    options: {
      path: string;
      method: string;
      isStream: true;
      options: object;
      file?: Buffer | Readable;
      headers?: Record<string, string | readonly string[]>;
      hijack?: boolean;
      statusCodes: Record<number, boolean>;
      abortSignal: AbortSignal;
    },
    callback: (error: Error | null, answer: IncomingMessage | Duplex) => void,
  ): void;
}

/** Of Docker 20.10: the oldest that we speak to, and all that we need. Engines that speak only newer ones get their oldest. */
const ourVersion = '1.41';

const everyStatus = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [100 + i, true]));

/**
 * One Docker Engine, connected to when it is first needed. dockerode's modem brings sockets, TLS and ssh; answers are read here, since
 * dockerode never settles where a connection ends inside of one.
 */
export class Engine {
  /** As people name it: `unix:///var/run/docker.sock`. */
  readonly host: string;
  #modem: Promise<Modem> | undefined;
  #prefix: string | undefined;

  constructor(host: string) {
    this.host = host;
  }

  /** Whether anybody has needed it yet. */
  get isUsed(): boolean {
    return this.#modem !== undefined;
  }

  /** The answer's JSON; undefined where it has no content. @throws EngineError, or what the network throws */
  async send<T>(request: EngineRequest): Promise<T> {
    const { patienceMs = 10_000, timeoutMs = 30_000 } = request;
    const ask = async (): Promise<T> => {
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]);
      const body = await text(await this.#open({ ...request, signal }));
      return (body.trim() === '' ? undefined : JSON.parse(body)) as T;
    };
    return patiently({ patienceMs, mostMs: 1_000, signal: request.signal }, ask, (error, waitMs) =>
      isAway(error) ? waitMs : undefined,
    );
  }

  /** The same; undefined where there is no such object. */
  async find<T>(request: EngineRequest): Promise<T | undefined> {
    try {
      return await this.send<T>(request);
    } catch (error) {
      if (isAnswer(error, 404)) return undefined;
      throw error;
    }
  }

  /** An answer that may go on for ever. Not tried again. @throws EngineError, or what the network throws */
  stream(request: EngineRequest): Promise<IncomingMessage> {
    return this.#open(request);
  }

  /** The connection, on which another protocol is spoken from now on. Not tried again. @throws EngineError, or what the network throws */
  async upgrade(request: EngineRequest, protocol: string): Promise<Duplex> {
    // The modem looks for exactly this spelling.
    const headers = { ...request.headers, Upgrade: protocol };
    const answer = await this.#call(await this.#prefixOf(request), { ...request, headers }, true);
    if (!(answer instanceof IncomingMessage)) return answer;
    throw new EngineError(answer.statusCode ?? 0, await text(answer));
  }

  async #open(request: EngineRequest): Promise<IncomingMessage> {
    return this.#dial(await this.#prefixOf(request), request);
  }

  async #prefixOf({ signal }: EngineRequest): Promise<string> {
    return (this.#prefix ??= await this.#negotiate(signal));
  }

  async #negotiate(signal: AbortSignal): Promise<string> {
    const answer = await text(await this.#dial('', { method: 'GET', path: '/version', signal }));
    const { ApiVersion: newest = '0', MinAPIVersion: oldest = ourVersion } = JSON.parse(answer) as {
      ApiVersion?: string;
      MinAPIVersion?: string;
    };
    if (isBefore(newest, ourVersion)) {
      const message = `the Docker engine at ${this.host} speaks API ${newest}: Docker 20.10 (API ${ourVersion}) or later is needed`;
      throw new RelaunchError('BackendUnavailable', message);
    }
    return `/v${isBefore(ourVersion, oldest) ? oldest : ourVersion}`;
  }

  async #dial(prefix: string, request: EngineRequest): Promise<IncomingMessage> {
    const answer = (await this.#call(prefix, request, false)) as IncomingMessage;
    const code = answer.statusCode ?? 0;
    if (code < 300 || code === 304) return answer;
    throw new EngineError(code, await text(answer));
  }

  async #call(prefix: string, request: EngineRequest, hijack: boolean): Promise<IncomingMessage | Duplex> {
    const { method, path, query, body, tar, headers, registryAuth, signal } = request;
    const modem = await (this.#modem ??= connect(this.host));
    signal.throwIfAborted();
    const asked = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
    // Called off by hand once it is answered: node's own abort of an answer that is all there, but not read, is an error that nobody can catch.
    const unanswered = new AbortController();
    let callOff = (): void => {
      unanswered.abort(signal.reason);
    };
    const abort = (): void => {
      callOff();
    };
    signal.addEventListener('abort', abort, { once: true });
    const letGo = (): void => {
      signal.removeEventListener('abort', abort);
    };
    const answer = await new Promise<IncomingMessage | Duplex>((resolve, reject) => {
      modem.dial(
        {
          // The modem adds its query behind a question mark, and takes a body of {} for none.
          path: `${prefix}${path}${asked.length === 0 ? '' : '?'}`,
          method,
          isStream: true,
          hijack,
          options: { _query: Object.fromEntries(asked), _body: body ?? {} },
          ...(tar === undefined ? {} : { file: tar }),
          headers: { ...headers, ...(registryAuth === undefined ? {} : { 'X-Registry-Auth': registryAuth }) },
          statusCodes: everyStatus,
          abortSignal: unanswered.signal,
        },
        (error, answered) => {
          if (error === null) resolve(answered);
          else {
            letGo();
            reject(error);
          }
        },
      );
    });
    callOff = () => {
      answer.destroy(signal.reason as Error);
    };
    answer.once('close', letGo);
    // Nobody may read it any more when it breaks off.
    answer.on('error', () => undefined);
    if (signal.aborted) callOff();
    return answer;
  }
}

async function connect(host: string): Promise<Modem> {
  const address = addressOf(host);
  // Agents without such a queue do without it.
  const { default: Docker } = await import('dockerode');
  return new Docker(address).modem as Modem;
}

function isBefore(a: string, b: string): boolean {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor < bMajor || (aMajor === bMajor && aMinor < bMinor);
}
