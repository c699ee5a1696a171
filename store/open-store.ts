import { RelaunchError } from '../contracts/failures.ts';
import { openFileStore } from './file-store.ts';
import { withQueueDirectory } from './queue-directory.ts';
import { openS3Store } from './s3-store.ts';
import type { Store } from './store.ts';

/**
 * The store at a URL, chosen by its scheme; the queues of `queueDirectory` come before its own. Touches nothing yet.
 * @throws RelaunchError LaunchRejected if the URL is not one of a store.
 */
export function openStore(url: string, queueDirectory?: string): Store {
  const store = storeAt(url);
  return queueDirectory === undefined ? store : withQueueDirectory(store, queueDirectory);
}

function storeAt(url: string): Store {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'file') return openFileStore(url);
  if (scheme === 's3') return openS3Store(url);
  const wrong = scheme === undefined ? 'has no scheme' : `has the scheme ${scheme}://`;
  throw new RelaunchError(
    'LaunchRejected',
    `store "${url}" ${wrong}: known are file:///<absolute path of a directory> and s3://<bucket>/<prefix>`,
  );
}
