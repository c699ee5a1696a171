import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { hostOf, listening } from '../../scripts/testbed/loopback.ts';

/** What may go wrong with a request, instead of its answer or before it. */
export type Fault = { status: number; reason?: string; retryAfterS?: number } | { delayMs: number } | 'cut' | undefined;

/** Something between an agent and its API server, on loopback, that breaks what comes through as a test says. */
export interface FaultProxy {
  /** A kubeconfig that goes through it. */
  kubeconfig: string;
  /** Decides for each request. */
  fault: (request: { method: string; url: URL }) => Fault;
  /** Cuts every connection. */
  cutAll(): void;
  /** Ends all that streams, without a word and without an error. */
  endStreams(): void;
  close(): Promise<void>;
}

export async function faultProxy(kubeconfig: string): Promise<FaultProxy> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`${kubeconfig} has no cluster`);
  const server = new URL(cluster.server);
  const ca =
    cluster.caData === undefined ? await readFile(cluster.caFile ?? '') : Buffer.from(cluster.caData, 'base64');
  const sockets = new Set<Socket>();
  const streams = new Set<ServerResponse>();

  const forward = async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? '/', server);
    const fault = proxy.fault({ method: incoming.method ?? '', url });
    if (fault === 'cut') {
      incoming.socket.destroy();
      return;
    }
    if (fault !== undefined && 'status' in fault) {
      refuse(answer, fault);
      return;
    }
    if (fault !== undefined) await sleep(fault.delayMs);
    const onward = httpsRequest(url, {
      method: incoming.method,
      headers: { ...incoming.headers, host: server.host },
      ca,
    });
    onward.once('error', () => incoming.socket.destroy());
    onward.once('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      if (url.searchParams.has('watch') || url.searchParams.has('follow')) streams.add(answer);
      response.pipe(answer);
      response.once('error', () => incoming.socket.destroy());
      answer.once('close', () => {
        streams.delete(answer);
        onward.destroy();
      });
    });
    incoming.pipe(onward);
  };
  const entrance = createServer((incoming, answer) => void forward(incoming, answer));
  entrance.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const through = `http://${hostOf(await listening(entrance))}`;
  const proxy: FaultProxy = {
    kubeconfig: `${kubeconfig}.proxy`,
    fault: () => undefined,
    cutAll: () => {
      for (const socket of sockets) socket.destroy();
    },
    endStreams: () => {
      for (const stream of streams) stream.end();
    },
    close: async () => {
      proxy.cutAll();
      entrance.close();
      await once(entrance, 'close');
    },
  };
  const throughConfig = new KubeConfig();
  throughConfig.loadFromOptions({
    clusters: [{ name: cluster.name, server: through, skipTLSVerify: true }],
    users: config.users,
    contexts: config.contexts,
    currentContext: config.currentContext,
  });
  await writeFile(proxy.kubeconfig, throughConfig.exportConfig(), { mode: 0o600 });
  return proxy;
}

function refuse(
  answer: ServerResponse,
  { status, reason = '', retryAfterS }: { status: number; reason?: string; retryAfterS?: number },
): void {
  answer.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
  });
  answer.end(
    JSON.stringify({
      kind: 'Status',
      status: 'Failure',
      code: status,
      reason,
      message: `broken on purpose: ${String(status)}`,
    }),
  );
}
