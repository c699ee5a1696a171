import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { onLoopback, type Listening } from '../loopback.ts';
import { selfSigned } from '../self-signed.ts';
import { ServedRepository } from './repository.ts';

/** A git server over https, with git's own `http-backend`, behind a certificate that nobody knows. */
export interface GitServer extends Listening {
  /** Path of the certificate, in PEM. */
  certificate: string;
  /** Who may read below `/private/`, and the token. */
  username: string;
  token: string;
  /** What was asked for, with the name of who asked. */
  requests: { path: string; user: string | undefined }[];
  /** Called with each request, before it is answered. */
  asked: () => void;
  /** The version of the protocol that is spoken, given the one that is asked for. */
  speak: (version: string) => string;
  /** A new repository, at this path. */
  create(path: string): Promise<ServedRepository>;
  url(path: string): string;
  /** Answers requests below a path otherwise, from now on. */
  answer(path: string, answer: (request: IncomingMessage, response: ServerResponse) => void): void;
}

/** `directory`: for repositories and its certificate. `reachedAt`: more addresses that the certificate is for. */
export async function gitServer(directory: string, reachedAt: readonly string[] = []): Promise<GitServer> {
  const root = join(directory, 'served');
  await mkdir(root, { recursive: true });
  const { key, cert, certificate } = await selfSigned(
    directory,
    ['127.0.0.1', ...reachedAt].map((address) => `IP:${address}`).join(','),
  );
  const [username, token] = ['ada', `t0k-${randomUUID()}`];
  const requests: GitServer['requests'] = [];
  const answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  const server = createServer({ key, cert }, (request, response) => {
    const path = request.url ?? '';
    const given = userOf(request);
    requests.push({ path, user: given?.user });
    git.asked();
    const other = [...answers].find(([prefix]) => path.startsWith(prefix))?.[1];
    const mayRead = !path.startsWith('/private/') || (given?.user === username && given.password === token);
    if (other !== undefined) other(request, response);
    else if (mayRead) serve(root, git.speak(String(request.headers['git-protocol'] ?? '')), request, response);
    else response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
  });
  const listening = await onLoopback(server);
  const git: GitServer = {
    ...listening,
    asked: () => undefined,
    speak: (version) => version,
    ...{ certificate, username, token, requests },
    create: (path) => ServedRepository.create(join(root, path)),
    url: (path) => `https://${listening.host}${path}`,
    answer: (path, answer) => void answers.set(path, answer),
  };
  return git;
}

function userOf({ headers }: IncomingMessage): { user: string; password: string } | undefined {
  const [, encoded] = /^Basic (.*)$/.exec(headers.authorization ?? '') ?? [];
  const [, user, password] = /^([^:]*):(.*)$/.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  return user === undefined || password === undefined ? undefined : { user, password };
}

/** As CGI has it. @see https://git-scm.com/docs/git-http-backend */
function serve(root: string, version: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '', 'https://127.0.0.1');
  const { headers, method = '' } = request;
  const env = {
    ...{ PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
    ...{ GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: '1', REQUEST_METHOD: method, PATH_INFO: pathname },
    ...{ QUERY_STRING: search.slice(1), CONTENT_TYPE: headers['content-type'] ?? '', REMOTE_ADDR: '127.0.0.1' },
    HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
    GIT_PROTOCOL: version,
  };
  const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  request.pipe(child.stdin);
  child.stdin.on('error', () => undefined);
  response.on('close', () => child.kill());
  let head = '';
  child.stdout.on('data', function onHead(chunk: Buffer) {
    head += chunk.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    child.stdout.off('data', onHead);
    const lines = head
      .slice(0, end)
      .split('\r\n')
      .map((line) => line.split(': '));
    const status = lines.find(([name]) => name === 'Status')?.[1];
    response.writeHead(
      Number.parseInt(status ?? '200', 10),
      Object.fromEntries(lines.filter(([name]) => name !== 'Status')) as Record<string, string>,
    );
    response.write(Buffer.from(head.slice(end + 4), 'latin1'));
    child.stdout.pipe(response);
  });
  child.stdout.on('end', () => {
    if (!response.headersSent) response.writeHead(500).end();
  });
}
