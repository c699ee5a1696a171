import os from 'node:os';
import { lease as leaseSchema, type Lease } from '../contracts/records.ts';
import { isAlive } from './process-alive.ts';
import { parseRecord } from './records.ts';
import type { Store } from './store.ts';

/** A lease that was not renewed for this long is anybody's. */
const staleLeaseMs = 60_000;

/** Tells this machine from others of the same store. */
const thisHost = (): string => os.hostname();

const encode = (lease: Lease): Uint8Array => Buffer.from(JSON.stringify(lease));

const mine = (): Lease => ({ hostId: thisHost(), pid: process.pid, renewedAt: new Date().toISOString() });

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

/** Whether somebody has it: renewed lately, or on this host a live process. */
export async function isLeaseHeld(store: Store, key: string): Promise<boolean> {
  const found = await read(store, key);
  return found !== undefined && isHeld(found.lease);
}

/** In a container a process may come back under the pid that it had before. */
const isOurs = ({ hostId, pid }: Lease): boolean => hostId === thisHost() && pid === process.pid;

async function read(store: Store, key: string): Promise<{ lease: Lease; etag: string } | undefined> {
  const object = await store.get(key);
  return object === undefined ? undefined : { lease: parseRecord(store, key, object, leaseSchema), etag: object.etag };
}

function isHeld({ hostId, pid, renewedAt }: Lease): boolean {
  if (hostId === thisHost()) return isAlive(pid);
  return Date.now() - Date.parse(renewedAt) < staleLeaseMs;
}
