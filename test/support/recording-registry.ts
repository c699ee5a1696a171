import { createServer, type IncomingHttpHeaders } from 'node:http';
import { onLoopback, type Listening } from '../../scripts/testbed/loopback.ts';

/** A registry on loopback that wants credentials, has nothing, and remembers what it was shown. */
export interface RecordingRegistry extends Listening {
  shown: { path: string; authorization: IncomingHttpHeaders['authorization'] }[];
}

export async function recordingRegistry(): Promise<RecordingRegistry> {
  const shown: RecordingRegistry['shown'] = [];
  const server = createServer(({ url = '', headers }, answer) => {
    shown.push({ path: url, authorization: headers.authorization });
    answer.writeHead(401, { 'www-authenticate': 'Basic realm="anybody"' }).end('{"errors":[]}');
  });
  return { ...(await onLoopback(server)), shown };
}
