import type { Credentials } from './credentials.ts';

/**
 * What an engine is to show to a registry, as `X-Registry-Auth` takes it: base64 for URLs, and padded. Without its padding Engine 20.10
 * takes it for no credentials. @see https://docs.docker.com/reference/api/engine/version/v1.41/#section/Authentication
 */
export function engineAuth(host: string, credentials: Credentials | undefined): string {
  const encoded = Buffer.from(JSON.stringify({ serveraddress: host, ...shown(credentials) })).toString('base64');
  return encoded.replaceAll('+', '-').replaceAll('/', '_');
}

function shown(credentials: Credentials | undefined): object {
  if (credentials === undefined) return {};
  const { kind } = credentials;
  return kind === 'identity-token'
    ? { identitytoken: credentials.token }
    : { username: credentials.username, password: credentials.password };
}
