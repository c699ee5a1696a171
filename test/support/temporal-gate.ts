import { once } from 'node:events';
import { connect, constants, createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import proto from '@temporalio/proto';

/** What somebody may do in a namespace, as Temporal's stock authoriser knows it. */
export type Role = 'read' | 'write' | 'admin';

/**
 * What a Temporal with the stock authoriser says before it serves a call (go.temporal.io/server/common/authorization), in front of the
 * development server, which has none: the whole server takes minutes to build. It knows people by certificate or API key.
 */
export interface TemporalGate extends AsyncDisposable {
  address: string;
  /** By the common name of a certificate, or an API key. Whoever is taken out is refused at the next call. */
  people: Map<string, Partial<Record<string, Role>>>;
}

export async function temporalGate(
  behind: string,
  tls: { key: string; cert: string; ca: string },
): Promise<TemporalGate> {
  const people: TemporalGate['people'] = new Map();
  const onward = connect(`http://${behind}`);
  const server = createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: false });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    // A certificate that another authority signed ends the connection, as it does everywhere.
    const socket = session.socket as TLSSocket;
    if (!socket.authorized && 'subject' in socket.getPeerCertificate()) session.destroy();
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    void serve(stream, headers).catch(() => {
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
  });
  const serve = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> => {
    const body = await buffer(stream);
    const refused = refusal(people, callerOf(stream, headers), headers[':path'] ?? '', body);
    if (refused === undefined) forward(stream, headers, body);
    else stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...refused }, { endStream: true });
  };
  const forward = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: Buffer): void => {
    const request = onward.request({ ...headers, ':scheme': 'http', ':authority': behind });
    request.on('error', () => {
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
    request.once('response', ({ ':status': status, ...found }, flags) => {
      if (stream.destroyed) return;
      const ends = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      stream.respond({ ':status': status, ...found }, ends ? { endStream: true } : { waitForTrailers: true });
      if (!ends) request.pipe(stream);
    });
    let trailers: IncomingHttpHeaders = {};
    request.once('trailers', (found: IncomingHttpHeaders) => (trailers = found));
    stream.once('wantTrailers', () => {
      stream.sendTrailers(trailers);
    });
    stream.once('close', () => {
      request.close(constants.NGHTTP2_CANCEL);
    });
    request.end(body);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    people,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      onward.destroy();
      await closed;
    },
  };
}

/** An API key, if one is shown, else the certificate's name. */
function callerOf(stream: ServerHttp2Stream, { authorization }: IncomingHttpHeaders): { key?: string; name?: string } {
  if (authorization !== undefined) return { key: authorization.replace(/^bearer /i, '') };
  const socket = stream.session?.socket as TLSSocket | undefined;
  const name = socket?.authorized === true ? socket.getPeerCertificate().subject.CN : undefined;
  return typeof name === 'string' ? { name } : {};
}

const denied = { 'grpc-status': '7', 'grpc-message': 'Request unauthorized.' };
const unknown = { 'grpc-status': '16', 'grpc-message': 'Jwt verification fails' };

function refusal(
  people: TemporalGate['people'],
  { key, name }: { key?: string; name?: string },
  path: string,
  body: Buffer,
): Record<string, string> | undefined {
  const [, service = '', method = ''] = path.split('/');
  if (key !== undefined && !people.has(key)) return unknown;
  if (method === 'GetSystemInfo') return undefined;
  const role = people.get(key ?? name ?? '')?.[namespaceOf(service, method, body)];
  const ranks: Role[] = ['read', 'write', 'admin'];
  return role !== undefined && ranks.indexOf(role) >= ranks.indexOf(needed(method)) ? undefined : denied;
}

/** common/api/metadata.go of the server, as far as Relaunch goes. */
function needed(method: string): Role {
  if (/^(AddSearchAttributes|RemoveSearchAttributes|UpdateNamespace|DeleteNamespace)$/.test(method)) return 'admin';
  return /^(Count|Describe|Get|List|Query|Scan)/.test(method) ? 'read' : 'write';
}

type Decodes = Record<string, { decode(bytes: Uint8Array): { namespace?: string } } | undefined>;

/** Of a request with one message; that of a cluster has none. */
function namespaceOf(service: string, method: string, body: Buffer): string {
  const api = proto.temporal.api;
  const messages = (service.includes('operatorservice')
    ? api.operatorservice.v1
    : api.workflowservice.v1) as unknown as Decodes;
  const message = body.subarray(5);
  return messages[`${method}Request`]?.decode(body[0] === 1 ? gunzipSync(message) : message).namespace ?? '';
}
