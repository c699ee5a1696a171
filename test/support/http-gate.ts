import { createServer } from 'node:http';
import { onLoopback, type Listening } from '../../scripts/testbed/loopback.ts';

/** Something on loopback that steps of a build wait for. */
export interface HttpGate extends Listening {
  /** A shell's command that ends when it is open; busybox is enough. */
  wait: string;
  open(): void;
}

export async function httpGate(): Promise<HttpGate> {
  let status = 503;
  const listening = await onLoopback(createServer((_, answer) => void answer.writeHead(status).end()));
  return {
    ...listening,
    wait: `until wget -q -O /dev/null http://${listening.host}/; do sleep 0.2; done`,
    open: () => {
      status = 200;
    },
  };
}
