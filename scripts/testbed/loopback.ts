import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A server that listens on loopback, until it is disposed of. */
export interface Listening extends AsyncDisposable {
  /** With its port. */
  host: string;
}

export async function onLoopback(server: Server | TlsServer): Promise<Listening> {
  await listening(server);
  return {
    host: hostOf(server),
    [Symbol.asyncDispose]: () => ended(server),
  };
}

/** Waits until a server listens, on loopback. */
export async function listening<S extends Server | TlsServer>(server: S): Promise<S> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Address and port of one that listens. */
export const hostOf = (server: Server | TlsServer): string =>
  `127.0.0.1:${String((server.address() as AddressInfo).port)}`;

/** Ends a server with all its connections. */
export async function ended(server: Server | TlsServer): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
