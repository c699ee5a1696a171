import { createServer, request as requestTo, type IncomingMessage, type ServerResponse } from 'node:http';
import { onLoopback, type Listening } from '../../scripts/testbed/loopback.ts';

/** A registry that has all that another one has, and takes no image until it is told to. */
export interface SlowRegistry extends Listening {
  /** Manifests that somebody waits to have taken: their layers are there. */
  readonly waiting: number;
  /** Takes them, and all that come. */
  letGo(): void;
}

/** In front of a registry at `host`. */
export async function slowRegistry(host: string): Promise<SlowRegistry> {
  const held = new Set<() => void>();
  let isOpen = false;
  const forward = (incoming: IncomingMessage, answer: ServerResponse): void => {
    const { method, url, headers } = incoming;
    const onward = requestTo(`http://${host}${url ?? '/'}`, { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.once('error', () => answer.destroy());
    incoming.pipe(onward);
  };
  const server = createServer((incoming, answer) => {
    const isTaken = incoming.method !== 'PUT' || !incoming.url?.includes('/manifests/');
    if (isTaken || isOpen) {
      forward(incoming, answer);
      return;
    }
    const go = (): void => {
      held.delete(go);
      forward(incoming, answer);
    };
    held.add(go);
    incoming.socket.once('close', () => held.delete(go));
  });
  return {
    ...(await onLoopback(server)),
    get waiting() {
      return held.size;
    },
    letGo: () => {
      isOpen = true;
      for (const go of held) go();
    },
  };
}
