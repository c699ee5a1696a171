import type { Backend } from '../activities/backends/backend.ts';
import { isAgentAlive } from '../store/agent-lease.ts';
import type { Store } from '../store/store.ts';
import type { JobGate } from './gate.ts';
import type { Found } from './janitor.ts';

/** An attempt that a backend has. */
export type Counted = Found & { live: boolean };

/** Makes the gate's count what the backends say is alive. Answers all that they have. */
export async function recount(gate: JobGate, backends: readonly Backend[], agent: string): Promise<Counted[]> {
  let found: Counted[] = [];
  await gate.recount(async () => {
    const lists = backends.map(async (backend) =>
      (await backend.list(agent)).map((listed) => ({ backend, ...listed })),
    );
    found = (await Promise.all(lists)).flat();
    return found.filter(({ live }) => live).map(({ ref }) => ref);
  });
  return found;
}

/** What agents that are gone have left where others can get at it. */
export async function orphans(store: Store, backends: readonly Backend[], agent: string): Promise<Counted[]> {
  const found: Counted[] = [];
  for (const backend of backends) {
    for (const other of await backend.agents()) {
      if (other === agent || (await isAgentAlive(store, other))) continue;
      found.push(...(await backend.list(other)).map((listed) => ({ backend, ...listed })));
    }
  }
  return found;
}
