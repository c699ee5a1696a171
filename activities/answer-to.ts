import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** Sends one request, and resolves when the headers of its answer are there. Calls off by hand: node's own abort of a request whose answer is all there, but not read, is an error that nobody can catch. */
export function answerTo(
  url: URL,
  { signal, ...options }: RequestOptions & { signal: AbortSignal },
  body: string | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | undefined;
    const request = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, options, (answered) => {
      answer = answered;
      resolve(answered);
    });
    const abort = (): void => {
      (answer ?? request).destroy(signal.reason as Error);
    };
    request.on('error', reject);
    request.once('close', () => {
      signal.removeEventListener('abort', abort);
    });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    request.end(body);
  });
}
