import { randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import { onLoopback, type Listening } from '../../scripts/testbed/loopback.ts';
import { selfSigned } from '../../scripts/testbed/self-signed.ts';

/** An index of Python packages behind a certificate that nobody knows, for those who have its password. */
export interface TlsIndex extends Listening {
  /** With the credentials. */
  url: string;
  password: string;
  /** Path of the certificate, in PEM. */
  certificate: string;
  /** What was asked for with the password, and the status of the answer. */
  served: { path: string; status: number }[];
}

/** Has one project of another index, and no other. `directory`: for its key and certificate. */
export async function tlsIndex(behind: string, project: string, directory: string): Promise<TlsIndex> {
  const password = randomUUID();
  const { key, cert, certificate } = await selfSigned(directory, 'IP:127.0.0.1');
  const { origin, username, password: theirs } = new URL(behind);
  const headers = { authorization: basic(username, theirs) };
  const served: TlsIndex['served'] = [];
  const answer = async (path: string): Promise<Response> => {
    const isThere = path === `/simple/${project}/` || path.startsWith(`/files/${project}-`);
    return isThere ? fetch(origin + path, { headers }) : new Response(null, { status: 404 });
  };
  const server = createServer({ key, cert }, ({ url: path = '', headers: { authorization } }, response) => {
    if (authorization !== basic('builder', password)) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="tls"' }).end();
      return;
    }
    const respond = async (): Promise<void> => {
      const found = await answer(path);
      served.push({ path, status: found.status });
      response.writeHead(found.status, { 'Content-Type': found.headers.get('content-type') ?? 'text/plain' });
      response.end(Buffer.from(await found.arrayBuffer()));
    };
    respond().catch(() => response.destroy());
  });
  const listening = await onLoopback(server);
  return { ...listening, url: `https://builder:${password}@${listening.host}/simple/`, password, certificate, served };
}

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
