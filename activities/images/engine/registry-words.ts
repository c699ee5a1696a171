/** What a registry, or the way to it, is said to have done. */
export type RegistryTrouble = 'denied' | 'missing' | 'unavailable';

const network =
  /failed to do request|dial tcp|no such host|connection (?:refused|reset)|i\/o timeout|handshake timeout|Client\.Timeout|deadline exceeded|: EOF$|unexpected EOF|\bx509\b|tls:|gave HTTP response to HTTPS client|network is unreachable/i;
const httpStatus = /\bstatus(?: code)?\b[^:]*: (?<code>\d{3})\b/i;
const refusal =
  /^(?:unauthorized|denied|name (?:unknown|invalid)|tag invalid|manifest invalid|unsupported)\b|no basic auth credentials|access (?:to the resource is )?denied|authorization failed|insufficient_scope|failed to authorize|HTTP 40[13]\b/i;
const missing = /not found$|manifest unknown|no match for platform/i;

/**
 * What the words of an engine mean that it has about a registry: there is nothing better. Those of the network come first, since they
 * come at the end of sentences about everything else; whatever is not known may pass.
 * @see https://github.com/distribution/distribution registry/api/errcode, https://github.com/containerd/containerd remotes/docker
 */
export function registryTrouble(message: string): RegistryTrouble {
  if (network.test(message)) return 'unavailable';
  const code = Number(httpStatus.exec(message)?.groups?.['code'] ?? 0);
  if (code === 401 || code === 403) return 'denied';
  if (code === 429 || code >= 500) return 'unavailable';
  if (refusal.test(message)) return 'denied';
  return code === 404 || missing.test(message) ? 'missing' : 'unavailable';
}

/** For people, instead of an account. */
export const nobody = (host: string): string => `anybody (there are no credentials for it: docker login ${host})`;
