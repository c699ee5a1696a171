import { randomUUID } from 'node:crypto';
import os from 'node:os';
import { lease as leaseSchema, type Lease } from '../contracts/records.ts';
import { pidSpace } from './pid-space.ts';
import { isAlive } from './process-alive.ts';
import { parseRecord } from './records.ts';
import type { Store } from './store.ts';

/** A lease that was not renewed for this long is anybody's, unless its holder is seen to live. */
export const staleLeaseMs = 60_000;

/** Tells this machine from others of the same store, but not a pod from the next one of its name. */
const thisHost = (): string => os.hostname();

/** Tells this process from all others: pids come back. */
const thisProcess = randomUUID();
const ourPids = pidSpace();

const encode = (lease: Lease): Uint8Array => Buffer.from(JSON.stringify(lease));

const mine = (): Lease => ({
  hostId: thisHost(),
  pid: process.pid,
  ...(ourPids === undefined ? {} : { pidSpace: ourPids }),
  nonce: thisProcess,
  renewedAt: new Date().toISOString(),
});

/** Takes a lease for this process, or takes it over from a dead one. Answers the living holder that has it instead. */
export async function takeLease(store: Store, key: string): Promise<Lease | undefined> {
  for (;;) {
    if (await store.putIfAbsent(key, encode(mine()))) return undefined;
    const found = await read(store, key);
    if (found === undefined) continue;
    if (isHeld(found.lease) && !isOurs(found.lease)) return found.lease;
    if (await store.replaceIfMatch(key, encode(mine()), found.etag)) return undefined;
  }
}

/** Answers whether it is still ours. */
export async function renewLease(store: Store, key: string): Promise<boolean> {
  const found = await read(store, key);
  if (found === undefined || !isOurs(found.lease)) return false;
  return store.replaceIfMatch(key, encode(mine()), found.etag);
}

/** Gives it back, if it is still ours. */
export async function dropLease(store: Store, key: string): Promise<void> {
  const found = await read(store, key);
  if (found !== undefined && isOurs(found.lease)) await store.remove(key);
}

/** Whether somebody has it: where its pid says something here, a live process; else one that renewed it lately. */
export async function isLeaseHeld(store: Store, key: string): Promise<boolean> {
  const found = await read(store, key);
  return found !== undefined && isHeld(found.lease);
}

/** Whether its holder may be this process's predecessor in a container, which is dead, as well as a pod of the same name, which is not. */
export const mayBePredecessor = (lease: Lease): boolean => lease.hostId === thisHost() && !isOfOurPids(lease);

const isOurs = ({ nonce }: Lease): boolean => nonce === thisProcess;

const isOfOurPids = ({ hostId, pidSpace: pids }: Lease): boolean =>
  hostId === thisHost() && pids !== undefined && pids === ourPids;

async function read(store: Store, key: string): Promise<{ lease: Lease; etag: string } | undefined> {
  const object = await store.get(key);
  return object === undefined ? undefined : { lease: parseRecord(store, key, object, leaseSchema), etag: object.etag };
}

function isHeld(lease: Lease): boolean {
  if (isOurs(lease)) return true;
  // Who had our own pid before us is dead.
  if (isOfOurPids(lease)) return lease.pid !== process.pid && isAlive(lease.pid);
  return Date.now() - Date.parse(lease.renewedAt) < staleLeaseMs;
}
