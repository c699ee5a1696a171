import type { RelaunchError } from '../../../contracts/failures.ts';
import type { Authorization } from './authorization.ts';
import { Authorizer, type AuthorizerOptions } from './authorizer.ts';
import { denied, unavailable, wordsOf } from './failures.ts';
import { Http, type HttpAnswer, type HttpOptions } from './http.ts';
import type { ImageName } from './image-name.ts';
import { registryUrl } from './places.ts';
import { sendFollowing } from './redirects.ts';
import { withPatience } from './with-patience.ts';

export interface RegistryOptions extends AuthorizerOptions, HttpOptions {
  /** How long a registry that is away or overloaded is asked again, for each request. Default 15 s. */
  patienceMs?: number;
}

export interface Question {
  method: 'GET' | 'HEAD';
  /** Below the repository: `manifests/latest`. */
  path: string;
  accept: string;
  signal: AbortSignal;
}

/** What one manifest or configuration may have: the bound that registries have themselves. */
const maxBytes = 4_194_304;

/** The API of registries, each asked in the way that it wants. */
export class RegistryApi {
  readonly #options: RegistryOptions;
  readonly #patienceMs: number;
  readonly #http: Http;
  readonly #authorizer: Authorizer;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? 15_000;
    this.#http = new Http(options);
    this.#authorizer = new Authorizer(this.#http, options, this.#patienceMs);
  }

  /** The answer of an image's registry; undefined where it does not have that. @throws RelaunchError RegistryDenied, RegistryUnavailable */
  async ask(image: ImageName, question: Question): Promise<HttpAnswer | undefined> {
    const url = new URL(`/v2/${image.repository}/${question.path}`, registryUrl(image.host, this.#options));
    let authorization = await this.#authorizer.known(image, question.signal);
    let answer = await this.#send(image, url, question, authorization);
    // A 401 of somebody to whom we were redirected is not answered.
    if (answer.status === 401 && answer.url.origin === url.origin) {
      authorization = await this.#authorizer.answer(image, answer, question.signal);
      answer = await this.#send(image, url, question, authorization);
    }
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw refusal(image, answer, authorization);
    if (answer.body !== undefined) return answer;
    throw unavailable(`registry ${image.host} says more about ${image.repository} than ${String(maxBytes)} bytes`);
  }

  async #send(
    { host }: ImageName,
    url: URL,
    { method, accept, signal }: Question,
    authorization: Authorization | undefined,
  ): Promise<HttpAnswer> {
    const headers = authorization === undefined ? { accept } : { accept, authorization: authorization.header };
    return withPatience({ whom: `registry ${host}`, patienceMs: this.#patienceMs, signal }, () =>
      sendFollowing(this.#http, { method, url, headers, maxBytes, signal }, this.#options),
    );
  }
}

function refusal(image: ImageName, answer: HttpAnswer, authorization: Authorization | undefined): RelaunchError {
  const { host, repository } = image;
  const { status } = answer;
  const words = wordsOf(answer, authorization?.secrets ?? []);
  if (status < 400 || status === 429 || status >= 500) {
    return unavailable(`registry ${host} has no answer now about ${repository} (${words})`);
  }
  const who = authorization?.account ?? 'somebody without credentials';
  return denied(
    `registry ${host} does not show ${repository} to ${who} (${words}): may they read it? Else log in anew where the agent runs (docker login ${host})`,
  );
}
