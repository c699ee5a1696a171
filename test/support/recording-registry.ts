import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A registry on loopback that wants credentials, has nothing, and remembers what it was shown. */
export interface RecordingRegistry extends AsyncDisposable {
  host: string;
  shown: { path: string; authorization: IncomingHttpHeaders['authorization'] }[];
}

export async function recordingRegistry(): Promise<RecordingRegistry> {
  const shown: RecordingRegistry['shown'] = [];
  const server = createServer(({ url = '', headers }, answer) => {
    shown.push({ path: url, authorization: headers.authorization });
    answer.writeHead(401, { 'www-authenticate': 'Basic realm="anybody"' }).end('{"errors":[]}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    shown,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
