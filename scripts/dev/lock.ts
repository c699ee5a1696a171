import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { ClientError, readDevRecord } from '../../client/index.ts';

/** Makes sure that one `relaunch dev` runs in a home. The kernel gives the lock back when the process dies. Returns how to do so before. @throws ClientError bad-input */
export async function takeDevLock(home: string): Promise<() => Promise<void>> {
  const file = await open(join(home, 'dev.lock'), 'a', 0o600);
  if (tryLock(file.fd)) return () => file.close();
  await file.close();
  const there = readDevRecord(home);
  const where = there === undefined ? '' : ` (pid ${String(there.pid)}, ${there.uiUrl})`;
  throw new ClientError(
    'bad-input',
    `\`relaunch dev\` runs already in ${home}${where}. Use that one, or set RELAUNCH_HOME to another directory.`,
  );
}
