import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { ClientError } from '../../client/index.ts';

const loopback = '127.0.0.1';

/**
 * Below those that the kernel gives to whoever asks for any: Temporal's server asks for some of its own before it takes the one it was
 * told, and was seen to be given that.
 */
const [leastFree, mostFree] = [10_000, 26_000];
const mostTries = 100;

/** `wanted` where nobody listens there, else a free port; 0: a free one. */
export async function portOrFree(wanted: number): Promise<number> {
  if (wanted > 0 && (await isFree(wanted))) return wanted;
  for (let tries = 0; tries < mostTries; tries++) {
    const port = randomInt(leastFree, mostFree);
    if (await isFree(port)) return port;
  }
  return wanted;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ host: loopback, port, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** Whether somebody answers there now. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: loopback, port });
    const done = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', done(true)).once('error', done(false));
  });
}

/** The port that a flag says. @throws ClientError bad-input */
export function portOf(flag: string, text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new ClientError('bad-input', `${flag} is ${JSON.stringify(text)}: a port from 1 to 65535`);
}
