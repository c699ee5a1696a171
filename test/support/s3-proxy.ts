import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { ended, hostOf, listening } from '../../scripts/testbed/loopback.ts';

/** A request to S3, as a policy or a fault sees it. */
export interface S3Request {
  method: string;
  bucket: string;
  /** '' where it is about the bucket. */
  key: string;
  query: URLSearchParams;
  /** Whose access key signed it. */
  accessKey: string;
  headers: IncomingHttpHeaders;
}

/**
 * What may become of a request: an answer of its own, `code` as in S3's XML; no answer, and a lost connection: before the server has it (`cut`),
 * or behind what it has done (`cut-answer`), or in the middle of what it says (`cut-body`); `silent`: a connection on which nothing comes.
 */
type S3Fault =
  { status: number; code: string; message?: string } | 'cut' | 'cut-answer' | 'cut-body' | 'silent' | undefined;

/** Something in front of an S3, on loopback, that breaks or refuses what comes through as a test says. */
export interface S3Proxy extends AsyncDisposable {
  url: string;
  /** Decides for each request. */
  fault: (request: S3Request) => S3Fault;
  /** How many came. */
  requests: S3Request[];
}

export async function s3Proxy(server: { url: string }): Promise<S3Proxy> {
  const entrance = await listening(createServer());
  const proxy: S3Proxy = {
    url: `http://${hostOf(entrance)}`,
    fault: () => undefined,
    requests: [],
    [Symbol.asyncDispose]: () => ended(entrance),
  };
  entrance.on('request', (incoming: IncomingMessage, answer: ServerResponse) => {
    const request = s3RequestOf(incoming);
    proxy.requests.push(request);
    const fault = proxy.fault(request);
    if (fault === 'silent') incoming.resume();
    else if (fault === 'cut') incoming.socket.destroy();
    else if (fault === undefined || typeof fault === 'string')
      forward(new URL(incoming.url ?? '/', server.url), incoming, answer, fault);
    else refuse(incoming, answer, fault);
  });
  return proxy;
}

function s3RequestOf({ method = '', url = '/', headers }: IncomingMessage): S3Request {
  const { pathname, searchParams: query } = new URL(url, 'http://s3');
  const [, bucket = '', ...key] = pathname.split('/').map(decodeURIComponent);
  const accessKey = /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1] ?? '';
  return { method, bucket, key: key.join('/'), query, accessKey, headers };
}

function forward(url: URL, incoming: IncomingMessage, answer: ServerResponse, cut?: 'cut-answer' | 'cut-body'): void {
  const onward = httpRequest(url, { method: incoming.method, headers: incoming.headers });
  onward.once('error', () => incoming.socket.destroy());
  onward.once('response', (response) => {
    if (cut === 'cut-answer') {
      response.resume().once('end', () => incoming.socket.destroy());
      return;
    }
    answer.writeHead(response.statusCode ?? 502, response.headers);
    if (cut === undefined) response.pipe(answer);
    else
      response.once('data', (chunk: Buffer) =>
        answer.write(chunk.subarray(0, chunk.length / 2), () => incoming.socket.destroy()),
      );
  });
  incoming.pipe(onward);
}

function refuse(
  incoming: IncomingMessage,
  answer: ServerResponse,
  { status, code, message = 'broken on purpose' }: { status: number; code: string; message?: string },
): void {
  incoming.resume().once('end', () => {
    answer.writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': 'test' });
    answer.end(
      incoming.method === 'HEAD'
        ? ''
        : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    );
  });
}
