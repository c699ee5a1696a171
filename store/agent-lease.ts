import os from 'node:os';
import { RelaunchError } from '../contracts/failures.ts';
import { agentLease, type AgentLease } from '../contracts/records.ts';
import { keyOf } from './layout.ts';
import { isAlive } from './process-alive.ts';
import { parseRecord } from './records.ts';
import type { Store } from './store.ts';

/** A lease that was not renewed for this long is anybody's. */
const staleLeaseMs = 60_000;
export const renewLeaseMs = 10_000;

/** Tells this machine from others of the same store. */
const thisHost = (): string => os.hostname();

const encode = (lease: AgentLease): Uint8Array => Buffer.from(JSON.stringify(lease));

const mine = (): AgentLease => ({ hostId: thisHost(), pid: process.pid, renewedAt: new Date().toISOString() });

/** Whether somebody goes by this agent name: a renewed lease, and on this host a live process. */
export async function isAgentAlive(store: Store, agent: string): Promise<boolean> {
  const held = await read(store, agent);
  return held !== undefined && isHeld(held.lease);
}

/** Takes an agent's name, or takes it over from a dead process. @throws RelaunchError AttemptRefused where a living one has it */
export async function takeAgentLease(store: Store, agent: string): Promise<void> {
  const key = keyOf.agentLease(agent);
  if (await store.putIfAbsent(key, encode(mine()))) return;
  const held = await read(store, agent);
  if (held !== undefined && isHeld(held.lease) && !isOurs(held.lease)) {
    throw new RelaunchError(
      'AttemptRefused',
      `an agent named "${agent}" runs already (pid ${String(held.lease.pid)} on ${held.lease.hostId}): stop it, or choose another --name`,
    );
  }
  if (held === undefined || !(await store.replaceIfMatch(key, encode(mine()), held.etag))) {
    return takeAgentLease(store, agent);
  }
}

/** Answers whether the name is still ours. */
export async function renewAgentLease(store: Store, agent: string): Promise<boolean> {
  const held = await read(store, agent);
  if (held === undefined || !isOurs(held.lease)) return false;
  return store.replaceIfMatch(keyOf.agentLease(agent), encode(mine()), held.etag);
}

export const dropAgentLease = (store: Store, agent: string): Promise<void> => store.remove(keyOf.agentLease(agent));

/** In a container a process may come back under the pid that it had before. */
const isOurs = ({ hostId, pid }: AgentLease): boolean => hostId === thisHost() && pid === process.pid;

async function read(store: Store, agent: string): Promise<{ lease: AgentLease; etag: string } | undefined> {
  const key = keyOf.agentLease(agent);
  const object = await store.get(key);
  return object === undefined ? undefined : { lease: parseRecord(store, key, object, agentLease), etag: object.etag };
}

function isHeld({ hostId, pid, renewedAt }: AgentLease): boolean {
  if (hostId === thisHost()) return isAlive(pid);
  return Date.now() - Date.parse(renewedAt) < staleLeaseMs;
}
