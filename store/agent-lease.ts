import { setTimeout as sleep } from 'node:timers/promises';
import { RelaunchError } from '../contracts/failures.ts';
import { keyOf } from './layout.ts';
import { dropLease, isLeaseHeld, mayBePredecessor, renewLease, staleLeaseMs, takeLease } from './lease.ts';
import type { Store } from './store.ts';

export const renewLeaseMs = 10_000;

/** Whether somebody goes by this agent name. */
export const isAgentAlive = (store: Store, agent: string): Promise<boolean> =>
  isLeaseHeld(store, keyOf.agentLease(agent));

const lookAgainMs = 1_000;

/**
 * Takes an agent's name, or takes it over from a dead process. Where the holder may be this one's dead predecessor, it waits until that renews, which
 * takes 10 s, or its lease is stale; `waits` is told so once. @throws RelaunchError AttemptRefused where a living one has it; the signal's reason
 */
export async function takeAgentLease(
  store: Store,
  agent: string,
  { waits, signal }: { waits?: () => void; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const take = () => takeLease(store, keyOf.agentLease(agent));
  const first = await take();
  if (first === undefined) return;
  let holder = first;
  if (mayBePredecessor(first)) {
    waits?.();
    const deadline = performance.now() + staleLeaseMs + renewLeaseMs;
    while (holder.renewedAt === first.renewedAt && performance.now() < deadline) {
      await sleep(lookAgainMs, undefined, { signal }).catch(() => undefined);
      signal?.throwIfAborted();
      const now = await take();
      if (now === undefined) return;
      holder = now;
    }
  }
  throw new RelaunchError(
    'AttemptRefused',
    `an agent named "${agent}" runs already (pid ${String(holder.pid)} on ${holder.hostId}): stop it, or choose another --name`,
  );
}

/** Answers whether the name is still ours. */
export const renewAgentLease = (store: Store, agent: string): Promise<boolean> =>
  renewLease(store, keyOf.agentLease(agent));

/** Gives the name back, if it is still ours. */
export const dropAgentLease = (store: Store, agent: string): Promise<void> => dropLease(store, keyOf.agentLease(agent));
