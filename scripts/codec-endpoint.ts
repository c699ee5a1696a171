import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';

const { Payloads } = proto.temporal.api.common.v1;

/**
 * Decrypts payloads for one Web UI, as its browser asks: `POST /decode`, https://docs.temporal.io/codec-server; UI 2.54 adds a query. What
 * cannot be decrypted stays as it is. Pages of any other origin are refused: whoever reads the answers reads the entity.
 */
export function codecEndpoint(codec: PayloadCodec, origin: string): Server {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.headers.origin !== origin) return void response.writeHead(403).end();
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Allow-Headers', 'content-type, x-namespace, authorization');
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    const [path] = (request.url ?? '').split('?');
    if (request.method !== 'POST' || path !== '/decode') return void response.writeHead(404).end();
    const { payloads } = Payloads.fromObject((await json(request)) as object);
    const read = await Promise.all(payloads.map((each) => codec.decode([each]).catch(() => [each])));
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(Payloads.toObject(Payloads.fromObject({ payloads: read.flat() }), { bytes: String })));
  };
  return createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(400).end());
  });
}
