import { readFile } from 'node:fs/promises';

/** A request that a registry or the package index of the Docker testbed has answered. */
export interface LoggedRequest {
  method: string;
  path: string;
  status: number;
}

/** The requests in a log in the common format, the oldest first; other lines are none. */
export async function requestsIn(log: string): Promise<LoggedRequest[]> {
  const found = (await readFile(log, 'utf8')).matchAll(/"([A-Z]+) (\S+) HTTP\/[\d.]+" (\d{3})\b/g);
  return [...found].map(([, method = '', path = '', status]) => ({ method, path, status: Number(status) }));
}
