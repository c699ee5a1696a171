import { createServer } from 'node:http';
import { onLoopback, type Listening } from '../../scripts/testbed/loopback.ts';

/** A server of one file under any name that counts how often each name was asked for. */
export interface CountingFiles extends Listening {
  count(name: string): number;
}

export async function countingFiles(content: string): Promise<CountingFiles> {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, answer) => {
    asked.push(url);
    answer.end(content);
  });
  return { ...(await onLoopback(server)), count: (name) => asked.filter((path) => path === `/${name}`).length };
}
