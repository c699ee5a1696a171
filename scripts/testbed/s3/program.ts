import { join } from 'node:path';
import { buildPrograms } from '../go-programs.ts';
import type { Say } from '../timed.ts';

/** Builds the server, once. Answers its path. @throws RelaunchError */
export async function bringServer(cache: string, say: Say): Promise<string> {
  const directory = await buildPrograms(cache, say, {
    programs: [{ name: 'gofakes3', package: '.', ldflags: '-s -w' }],
    oldestGo: 24,
    testbed: 'the S3 testbed',
    wayOut: 'Install it.',
  });
  return join(directory, 'gofakes3');
}
