/** Whom a registry is, and may be, by the network. Hosts of options are written with a port for that port, without one for all. */
export interface PlaceOptions {
  /** Registries, and what they redirect to, that are spoken to without TLS, besides those on loopback. */
  insecureHosts?: readonly string[];
  /** By host of a registry: other hosts that give out its tokens. They are sent the credentials for this registry. */
  tokenHosts?: Readonly<Record<string, readonly string[]>>;
}

/** Registries whose tokens, as is known, come from another host. */
const knownTokenHosts: Readonly<Record<string, readonly string[]>> = {
  'docker.io': ['auth.docker.io'],
  'registry.gitlab.com': ['gitlab.com'],
};

/** Where a registry answers. That of Docker Hub has a name of its own. */
export function registryUrl(host: string, options: PlaceOptions): URL {
  const name = host === 'docker.io' ? 'registry-1.docker.io' : host;
  const plain = new URL(`http://${name}`);
  return isPlain(plain, options) ? plain : new URL(`https://${name}`);
}

/**
 * Whether one place may send us on to another, with or without credentials: to https, and from http also to the http of hosts that are
 * spoken to so. Only loopback leads to loopback: else a registry could make an agent ask its own machine.
 */
export function mayLead(from: URL, to: URL, options: PlaceOptions): boolean {
  if (to.username !== '' || to.password !== '') return false;
  if (isLoopback(to) && !isLoopback(from)) return false;
  return to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:' && isPlain(to, options));
}

/**
 * Whether a registry's tokens are asked for at the place that it names: its own host at any port, or one that is known or configured as
 * its token host. Neighbours under the same domain are not taken: without a list of public suffixes, nobody knows whether it has one
 * owner (`gitlab.example.com`) or many (`somebody.azurecr.io`). Nobody else is asked, not even without credentials.
 */
export function isTokenHost(host: string, realm: URL, options: PlaceOptions): boolean {
  const registry = registryUrl(host, options);
  const others = [knownTokenHosts, options.tokenHosts ?? {}].flatMap((hosts) =>
    Object.hasOwn(hosts, host) ? (hosts[host] ?? []) : [],
  );
  return mayLead(registry, realm, options) && (realm.hostname === registry.hostname || isListed(realm, others));
}

const isPlain = (url: URL, { insecureHosts = [] }: PlaceOptions): boolean =>
  isLoopback(url) || isListed(url, insecureHosts);

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);

function isListed(url: URL, hosts: readonly string[]): boolean {
  const port = url.port || (url.protocol === 'http:' ? '80' : '443');
  return hosts.some((host) => [url.hostname, `${url.hostname}:${port}`].includes(host.toLowerCase()));
}
