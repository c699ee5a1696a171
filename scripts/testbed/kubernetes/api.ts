import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { pki } from './certificates.ts';
import type { Place } from './place.ts';

const patienceMs = 10_000;

/** What the testbed itself asks its API server, as admin: too little, and too often, for a client library or kubectl. */
export interface Api {
  /** The body of a 200. @throws Error otherwise */
  get(path: string): Promise<string>;
  /** Creates an object; one that is there already is as good. */
  create(path: string, object: unknown): Promise<void>;
}

export async function connectApi(place: Place): Promise<Api> {
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'admin.crt', 'admin.key'].map((file) => readFile(pki(place, file))),
  );
  const call = async (method: string, path: string, body?: string): Promise<{ status: number; body: string }> => {
    const sent = request({
      ...{ host: '127.0.0.1', port: place.ports.api, ca, cert, key },
      ...{ method, path, headers: { 'Content-Type': 'application/json' }, signal: AbortSignal.timeout(patienceMs) },
    }).end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, body: await text(response) };
  };
  return {
    get: async (path) => {
      const { status, body } = await call('GET', path);
      if (status !== 200) throw new Error(`GET ${path} answers ${String(status)}: ${body.trim()}`);
      return body;
    },
    create: async (path, object) => {
      const { status, body } = await call('POST', path, JSON.stringify(object));
      if (status !== 201 && status !== 409) throw new Error(`POST ${path} answers ${String(status)}: ${body.trim()}`);
    },
  };
}
