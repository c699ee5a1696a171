import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

const patienceMs = 5_000;
const defaultHost = 'unix:///var/run/docker.sock';

/** Whether a Docker Engine answers there; `host` as in DOCKER_HOST, without TLS or SSH. */
export async function engineAnswers(host: string): Promise<boolean> {
  const { protocol, pathname, hostname, port } = new URL(host);
  const where = protocol === 'unix:' ? { socketPath: pathname } : { hostname, port };
  try {
    const sent = request({ ...where, path: '/_ping', signal: AbortSignal.timeout(patienceMs) }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}

/** The Engine that programs on this machine use, if there is one. */
export async function engineOfMachine(env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  const host = env['DOCKER_HOST'] || defaultHost;
  return (await engineAnswers(host)) ? host : undefined;
}
