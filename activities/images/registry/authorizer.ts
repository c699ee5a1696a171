import { basic, bearer, type Authorization } from './authorization.ts';
import { parseChallenges, type Challenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { dockerCredentials } from './docker-config.ts';
import { denied, quoted, wordsOf } from './failures.ts';
import type { Http, HttpAnswer } from './http.ts';
import type { ImageName } from './image-name.ts';
import { isTokenHost, type PlaceOptions } from './places.ts';
import { fetchToken } from './token-server.ts';

export interface AuthorizerOptions extends PlaceOptions {
  /** Where Docker's config.json is, for credentials. Default: there are none. */
  dockerConfigDir?: string;
}

/** Before its end a token is not used any more: it has to last the way to the registry. */
const marginMs = 5_000;

/** Shows registries who asks, in the way that each wants; keeps tokens for as long as they are good. */
export class Authorizer {
  readonly #http: Http;
  readonly #options: AuthorizerOptions;
  readonly #patienceMs: number;
  readonly #tokens = new Map<string, { authorization: Authorization; until: number }>();
  /** Registries that want a password with each request. */
  readonly #basic = new Set<string>();

  constructor(http: Http, options: AuthorizerOptions, patienceMs: number) {
    this.#http = http;
    this.#options = options;
    this.#patienceMs = patienceMs;
  }

  /** What is known to do, without asking anybody but Docker's configuration. */
  async known(image: ImageName, signal: AbortSignal): Promise<Authorization | undefined> {
    const kept = this.#tokens.get(keyOf(image));
    if (kept !== undefined && kept.until > performance.now()) return kept.authorization;
    if (!this.#basic.has(image.host)) return undefined;
    const credentials = await this.#credentials(image.host, signal);
    return credentials?.kind === 'password' ? basic(credentials) : undefined;
  }

  /** Does what a registry asked for by its 401. @throws RelaunchError RegistryDenied where that cannot or must not be done, RegistryUnavailable */
  async answer(image: ImageName, refused: HttpAnswer, signal: AbortSignal): Promise<Authorization> {
    const challenges = parseChallenges(refused.headers['www-authenticate'] ?? '');
    const wanted = (scheme: string): Challenge | undefined => challenges.find((one) => one.scheme === scheme);
    const token = wanted('bearer');
    if (token === undefined && wanted('basic') === undefined) {
      throw denied(`registry ${image.host} refuses, and does not say what it wants (${wordsOf(refused, [])})`);
    }
    const credentials = await this.#credentials(image.host, signal);
    if (token !== undefined) return this.#token(image, token, credentials, signal);
    this.#basic.add(image.host);
    if (credentials?.kind === 'password') return basic(credentials);
    const has = credentials === undefined ? 'there are none' : 'there is only an identity token';
    throw denied(`registry ${image.host} wants a user and a password, and ${has} for it: docker login ${image.host}`);
  }

  async #token(
    image: ImageName,
    { parameters: { realm = '', service, scope } }: Challenge,
    credentials: Credentials | undefined,
    signal: AbortSignal,
  ): Promise<Authorization> {
    const { host, repository } = image;
    const server = URL.parse(realm);
    if (server === null || !isTokenHost(host, server, this.#options)) {
      throw denied(
        `registry ${host} wants a token from ${JSON.stringify(quoted(realm))}, which is not known to belong to it: nothing was sent there. If it does, name its host as a token host of ${host} in the agent's file`,
      );
    }
    const { token, expiresInMs } = await fetchToken(this.#http, {
      host,
      realm: server,
      service,
      scope: scope ?? `repository:${repository}:pull`,
      credentials,
      patienceMs: this.#patienceMs,
      signal,
    });
    const authorization = bearer(token, credentials);
    this.#keep(keyOf(image), authorization, expiresInMs);
    return authorization;
  }

  #keep(key: string, authorization: Authorization, forMs: number): void {
    const now = performance.now();
    for (const [other, { until }] of this.#tokens) if (until <= now) this.#tokens.delete(other);
    this.#tokens.set(key, { authorization, until: now + forMs - marginMs });
  }

  async #credentials(host: string, signal: AbortSignal): Promise<Credentials | undefined> {
    const { dockerConfigDir } = this.#options;
    return dockerConfigDir === undefined ? undefined : dockerCredentials(dockerConfigDir, host, signal);
  }
}

/** A token is for one repository. */
const keyOf = ({ host, repository }: ImageName): string => `${host}/${repository}`;
