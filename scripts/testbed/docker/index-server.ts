#!/usr/bin/env node
/** Serves a directory of wheels as Python's simple repository (PEP 503) on loopback, to those who have the password. `index-server.ts PORT WHEELS` */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { credentials } from './credentials.ts';

const [port, wheels = ''] = process.argv.slice(2);
const wanted = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;

/** The normalised name of the project that a wheel belongs to. */
const projectOf = (wheel: string): string => (wheel.split('-')[0] ?? '').replaceAll(/[-_.]+/g, '-').toLowerCase();

const links = (hrefs: readonly string[]): string =>
  `<!DOCTYPE html>${hrefs.map((href) => `<a href="${href}">${href.split('/').findLast(Boolean) ?? ''}</a>`).join('\n')}`;

async function answer(path: string, response: ServerResponse): Promise<void> {
  const files = (await readdir(wheels)).filter((name) => name.endsWith('.whl'));
  const [, kind, name] = path.split('/').map(decodeURIComponent);
  const page = (hrefs: readonly string[]): void =>
    void response.setHeader('Content-Type', 'text/html').end(links(hrefs));
  if (kind === 'files' && files.some((file) => file === name)) {
    await pipeline(createReadStream(join(wheels, name ?? '')), response);
  } else if (kind === 'simple' && name === '') {
    page([...new Set(files.map(projectOf))].map((project) => `/simple/${project}/`));
  } else if (kind === 'simple' && files.some((file) => projectOf(file) === name)) {
    page(files.filter((file) => projectOf(file) === name).map((file) => `/files/${encodeURIComponent(file)}`));
  } else {
    response.writeHead(404).end();
  }
}

createServer((request, response) => {
  const { method = '', url = '' } = request;
  // As registries write it.
  response.once('close', () => {
    process.stdout.write(
      `127.0.0.1 - - [${new Date().toISOString()}] "${method} ${url} HTTP/1.1" ${String(response.statusCode)}\n`,
    );
  });
  if (request.headers.authorization !== wanted) {
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="relaunch"' }).end();
    return;
  }
  answer(url, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.destroy();
  });
}).listen(Number(port), '127.0.0.1');
