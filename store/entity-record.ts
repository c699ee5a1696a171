import { RelaunchError } from '../contracts/failures.ts';
import { entityRecord, type EntityRecord } from '../contracts/records.ts';
import { checkConditions } from './check-conditions.ts';
import { keyOf } from './layout.ts';
import { writeOnce } from './records.ts';
import type { Store } from './store.ts';

/**
 * Makes the store the one of this namespace, or finds that it is: on another server all its runs would look deleted.
 * @throws RelaunchError AttemptRefused where it is another's, or writes where it must not
 */
export async function claimStore(store: Store, ours: EntityRecord): Promise<void> {
  const held = await writeOnce(store, keyOf.entity, ours, entityRecord);
  if (held.namespaceId === ours.namespaceId) {
    await checkConditions(store, keyOf.entity);
    return;
  }
  throw new RelaunchError(
    'AttemptRefused',
    `${store.url} holds the runs of namespace "${held.namespace}" (id ${held.namespaceId}) of another Temporal server, and this is "${ours.namespace}" (id ${ours.namespaceId}): choose another store, or remove ${keyOf.entity} from it if that server is gone for good`,
  );
}
