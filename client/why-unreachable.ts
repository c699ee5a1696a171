import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { TemporalOptions } from './settings.ts';

const patienceMs = 1_000;

/** What is in the way of a connection that did not come up, in a few words: gRPC tells nothing of it, so it is tried by hand. */
export async function whyUnreachable(temporal: TemporalOptions): Promise<string> {
  const socket = socketTo(temporal);
  const ended = new Promise<string>((resolve) => {
    socket.once('error', ({ message }) => {
      resolve(message);
    });
    socket.once('close', () => {
      resolve('it closes the connection');
    });
  });
  const silent = temporal.tls ? 'TLS works, but no gRPC over it' : 'it takes the connection, but no gRPC in the clear';
  try {
    return await Promise.race([ended, sleep(patienceMs, silent, { ref: false })]);
  } finally {
    socket.destroy();
  }
}

function socketTo({ address, tls }: TemporalOptions): Socket {
  const [, host = address, port = '7233'] = /^(?:\[?(.*?)\]?):(\d+)$/.exec(address) ?? [];
  const to = { host, port: Number(port) };
  if (!tls) return connect(to);
  const { serverRootCACertificate: ca, clientCertPair: pair, serverNameOverride: servername } = tls === true ? {} : tls;
  return connectTls({
    ...to,
    ALPNProtocols: ['h2'],
    ...(ca == null ? {} : { ca: Buffer.from(ca) }),
    ...(pair == null ? {} : { cert: Buffer.from(pair.crt), key: Buffer.from(pair.key) }),
    ...(servername == null ? {} : { servername }),
  });
}
