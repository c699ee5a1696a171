import { RelaunchError } from '../contracts/failures.ts';
import type { Store } from './store.ts';

const noVersion = `"${'0'.repeat(32)}"`;

/**
 * Tries on an object that is there whether conditions of writes count: there are servers that speak S3 and do not know them, on which all
 * would seem well until two agents take the same attempt. Writes the same bytes, if at all.
 * @throws RelaunchError AttemptRefused where they do not count
 */
export async function checkConditions(store: Store, key: string): Promise<void> {
  const { bytes } = (await store.get(key)) ?? {};
  if (bytes === undefined) return;
  const ignored = (await store.putIfAbsent(key, bytes))
    ? 'If-None-Match'
    : (await store.replaceIfMatch(key, bytes, noVersion)) && 'If-Match';
  if (ignored === false) return;
  throw new RelaunchError(
    'AttemptRefused',
    `${store.url} writes over what is there, whatever ${ignored} says: two agents could start the same attempt. Choose a server that knows conditional writes, such as S3 itself`,
  );
}
