import { randomUUID } from 'node:crypto';
import { Server, ServerCredentials, status, type handleUnaryCall, type MethodDefinition } from '@grpc/grpc-js';
import { EngineError } from '../../backends/docker/engine-error.ts';
import { accountOf } from '../registry/authorization.ts';
import type { Credentials } from '../registry/credentials.ts';
import { quoted } from '../registry/failures.ts';
import {
  credentialsRequest,
  credentialsResponse,
  healthRequest,
  healthResponse,
  secretRequest,
  secretResponse,
  type Coding,
} from './buildkit-messages.ts';
import type { EngineApi } from './engine-api.ts';

/** What there is to show a registry, by its host as in ImageName. */
export type CredentialsFor = (host: string, signal: AbortSignal) => Promise<Credentials | undefined>;

/** What a registry was shown, if it asked. */
export interface Shown {
  /** For people, whose credentials. */
  account?: string;
  /** Why nothing could be shown: what asking for credentials threw. */
  trouble?: unknown;
}

interface SessionOptions {
  secrets: Readonly<Record<string, string | Buffer>>;
  credentials: CredentialsFor;
  signal: AbortSignal;
}

const paths = {
  secret: '/moby.buildkit.secrets.v1.Secrets/GetSecret',
  credentials: '/moby.filesync.v1.Auth/Credentials',
  /** Asked every second: a session that does not answer is closed. */
  health: '/grpc.health.v1.Health/Check',
};
const serving = 1;

/**
 * The connection on which an engine asks for what one build needs and nobody else is to have: secrets by their ids, and credentials for
 * the registry that it is just asking for something. It speaks gRPC, with the engine as client of the one that it was called by.
 * @see https://github.com/moby/buildkit session/grpc.go, and moby/moby, api/server/router/session
 */
export class BuildSession {
  readonly id = randomUUID();
  readonly #options: SessionOptions;
  readonly #server = new Server();
  readonly #credentials = new Map<string, Promise<Credentials | undefined>>();
  readonly #shown = new Map<string, Shown>();

  private constructor(options: SessionOptions) {
    this.#options = options;
    this.#server.addService(
      {
        secret: unary(paths.secret, secretRequest, secretResponse),
        credentials: unary(paths.credentials, credentialsRequest, credentialsResponse),
        health: unary(paths.health, healthRequest, healthResponse),
      },
      {
        secret: answering(({ id }: { id: string }) => this.#secret(id)),
        credentials: answering(({ host }: { host: string }) => this.#show(host)),
        health: answering(() => ({ status: serving })),
      },
    );
  }

  /** @throws RelaunchError BuilderUnavailable */
  static async open(api: EngineApi, options: SessionOptions): Promise<BuildSession> {
    const session = new BuildSession(options);
    const headers = {
      'x-docker-expose-session-uuid': session.id,
      'x-docker-expose-session-name': 'relaunch',
      'x-docker-expose-session-grpc-method': Object.values(paths),
    };
    const request = { method: 'POST', path: '/session', headers, signal: options.signal } as const;
    const connection = await api.upgrade(request, 'h2c').catch((error: unknown) => {
      if (!(error instanceof EngineError)) throw error;
      throw api.unavailable(`opens no session for a build: ${quoted(error.message)}`, error);
    });
    session.#server.createConnectionInjector(ServerCredentials.createInsecure()).injectConnection(connection);
    return session;
  }

  shownTo(host: string): Shown {
    return this.#shown.get(host) ?? {};
  }

  close(): void {
    this.#server.forceShutdown();
  }

  #secret(id: string): { data: Uint8Array } {
    const { secrets } = this.#options;
    if (Object.hasOwn(secrets, id)) return { data: Buffer.from(secrets[id] ?? '') };
    throw Object.assign(new Error(`secret ${id} not found`), { code: status.NOT_FOUND });
  }

  async #show(asked: string): Promise<{ username?: string; secret?: string }> {
    const host = asked === 'registry-1.docker.io' ? 'docker.io' : asked;
    const { credentials, signal } = this.#options;
    const looked = this.#credentials.get(host) ?? credentials(host, signal);
    this.#credentials.set(host, looked);
    const found = await looked.catch((trouble: unknown) => {
      this.#shown.set(host, { trouble });
      throw trouble;
    });
    if (found === undefined) return {};
    this.#shown.set(host, { account: accountOf(found) });
    return found.kind === 'password' ? { username: found.username, secret: found.password } : { secret: found.token };
  }
}

function unary<Q, A>(path: string, request: Coding<Q>, response: Coding<A>): MethodDefinition<Q, A> {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: request.encode,
    requestDeserialize: request.decode,
    responseSerialize: response.encode,
    responseDeserialize: response.decode,
  };
}

function answering<Q, A>(answer: (request: Q) => A | Promise<A>): handleUnaryCall<Q, A> {
  return ({ request }, callback) => {
    const answered = new Promise<A>((resolve) => resolve(answer(request)));
    answered.then(
      (value) => callback(null, value),
      (error: unknown) => callback(error as Error),
    );
  };
}
