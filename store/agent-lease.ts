import { RelaunchError } from '../contracts/failures.ts';
import { keyOf } from './layout.ts';
import { isLeaseHeld, renewLease, takeLease } from './lease.ts';
import type { Store } from './store.ts';

export const renewLeaseMs = 10_000;

/** Whether somebody goes by this agent name. */
export const isAgentAlive = (store: Store, agent: string): Promise<boolean> =>
  isLeaseHeld(store, keyOf.agentLease(agent));

/** Takes an agent's name, or takes it over from a dead process. @throws RelaunchError AttemptRefused where a living one has it */
export async function takeAgentLease(store: Store, agent: string): Promise<void> {
  const holder = await takeLease(store, keyOf.agentLease(agent));
  if (holder === undefined) return;
  throw new RelaunchError(
    'AttemptRefused',
    `an agent named "${agent}" runs already (pid ${String(holder.pid)} on ${holder.hostId}): stop it, or choose another --name`,
  );
}

/** Answers whether the name is still ours. */
export const renewAgentLease = (store: Store, agent: string): Promise<boolean> =>
  renewLease(store, keyOf.agentLease(agent));

export const dropAgentLease = (store: Store, agent: string): Promise<void> => store.remove(keyOf.agentLease(agent));
