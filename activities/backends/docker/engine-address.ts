import { RelaunchError } from '../../../contracts/failures.ts';

/** Where an engine is, as dockerode takes it. All of it is said: what is left out, dockerode would take from the environment. */
export interface EngineAddress {
  socketPath: string | undefined;
  protocol: 'http' | 'https' | 'ssh' | undefined;
  host: string | undefined;
  port: string | undefined;
  username: string | undefined;
}

export const defaultHost = 'unix:///var/run/docker.sock';

const nowhere: EngineAddress = {
  socketPath: undefined,
  protocol: undefined,
  host: undefined,
  port: undefined,
  username: undefined,
};

/** The schemes of DOCKER_HOST, with the port that each has unless it is said. */
const schemes = new Map([
  ['tcp:', { protocol: undefined, port: '2375' }],
  ['http:', { protocol: 'http', port: '2375' }],
  ['https:', { protocol: 'https', port: '2376' }],
  ['ssh:', { protocol: 'ssh', port: '22' }],
] as const);

/** Reads what people write into DOCKER_HOST. @throws RelaunchError BackendUnavailable */
export function addressOf(host: string): EngineAddress {
  if (host.startsWith('unix:///')) return { ...nowhere, socketPath: host.slice('unix://'.length) };
  const url = URL.canParse(host) ? new URL(host) : undefined;
  const scheme = schemes.get(url?.protocol as 'tcp:');
  if (url === undefined || scheme === undefined || url.hostname === '') {
    const rule = 'write unix:///var/run/docker.sock, tcp://host:2375, https://host:2376 or ssh://user@host';
    throw new RelaunchError('BackendUnavailable', `docker.host is ${JSON.stringify(host)}: ${rule}`);
  }
  return {
    ...nowhere,
    protocol: scheme.protocol,
    host: url.hostname,
    port: url.port || scheme.port,
    username: url.username || undefined,
  };
}
