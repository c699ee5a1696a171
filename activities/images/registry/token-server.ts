import { z } from 'zod';
import { accountOf, basic, secretsOf } from './authorization.ts';
import type { Credentials } from './credentials.ts';
import { denied, unavailable, wordsOf } from './failures.ts';
import type { Http, HttpAnswer, HttpRequest } from './http.ts';
import { withPatience } from './with-patience.ts';

export interface TokenRequest {
  /** Of the registry that the token is for. */
  host: string;
  realm: URL;
  service: string | undefined;
  scope: string;
  credentials: Credentials | undefined;
  patienceMs: number;
  signal: AbortSignal;
}

export interface Token {
  token: string;
  expiresInMs: number;
}

/** A token goes into a header as it is; the life of one that says nothing is a minute. No life is believed to be longer than an hour. */
const tokenAnswer = z
  .object({
    token: z.string().optional(),
    access_token: z.string().optional(),
    expires_in: z.number().positive().catch(60),
  })
  .transform(({ token, access_token, expires_in }) => ({
    token: token || access_token,
    expiresInMs: Math.min(expires_in, 3_600) * 1_000,
  }))
  .pipe(z.object({ token: z.string().regex(/^[\x21-\x7e]+$/), expiresInMs: z.number() }));

const maxAnswerBytes = 65_536;

/**
 * Gets a token: by GET for a user's password or for nobody, by POST for an identity token. Redirects are not followed.
 * @see https://distribution.github.io/distribution/spec/auth/token/ and https://distribution.github.io/distribution/spec/auth/oauth/
 * @throws RelaunchError RegistryDenied, RegistryUnavailable
 */
export async function fetchToken(http: Http, request: TokenRequest): Promise<Token> {
  const { host, realm, credentials, patienceMs, signal } = request;
  const whom = `${realm.host}, which gives out the tokens of registry ${host},`;
  const answer = await withPatience({ whom, patienceMs, signal }, () => http.send(asked(request)));
  if (answer.status < 300) return tokenIn(answer, whom);
  const words = wordsOf(answer, secretsOf(credentials));
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
    const who = credentials === undefined ? 'without credentials' : `to ${accountOf(credentials)}`;
    throw denied(`${whom} gives none ${who} for ${request.scope} (${words}): log in anew (docker login ${host})`);
  }
  throw unavailable(`${whom} gives none now (${words})`);
}

function asked({ realm, service, scope, credentials, signal }: TokenRequest): HttpRequest {
  const common = { maxBytes: maxAnswerBytes, signal };
  const fields = { ...(service === undefined ? {} : { service }), scope, client_id: 'relaunch' };
  if (credentials?.kind === 'identity-token') {
    const form = { grant_type: 'refresh_token', refresh_token: credentials.token, ...fields };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { ...common, method: 'POST', url: realm, headers, body: new URLSearchParams(form).toString() };
  }
  const url = new URL(realm);
  const account = credentials === undefined ? {} : { account: credentials.username };
  for (const [name, value] of Object.entries({ ...fields, ...account })) url.searchParams.set(name, value);
  const headers = credentials === undefined ? {} : { authorization: basic(credentials).header };
  return { ...common, method: 'GET', url, headers };
}

function tokenIn({ body }: HttpAnswer, whom: string): Token {
  try {
    return tokenAnswer.parse(JSON.parse(body?.toString() ?? ''));
  } catch {
    throw unavailable(`${whom} gives something that is no token`);
  }
}
