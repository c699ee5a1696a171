import { agentDrain, agentStatus, type AgentDrain, type AgentStatus } from '../contracts/records.ts';
import { isAgentAlive } from '../store/agent-lease.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord, writeRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { ClientError } from './errors.ts';

/** An agent, as it says of itself. */
export interface AgentRow extends Partial<AgentStatus> {
  agent: string;
  /** It renews its lease. Without: gone, but perhaps with runs that it has not ended. */
  alive: boolean;
  /** Who wants it to take nothing more. */
  drain?: AgentDrain;
}

const nameIn = [
  new RegExp(`^${keyOf.agents}(.+)\\.(?:lease|status\\.json)$`),
  new RegExp(`^${keyOf.drains}(.+)\\.json$`),
];

/** The agents of the store, by name, also those that are gone without a word. */
export async function listAgents(store: Store): Promise<AgentRow[]> {
  const keys = (await Promise.all([keyOf.agents, keyOf.drains].map((prefix) => store.list(prefix)))).flat();
  const names = new Set(keys.flatMap((key) => nameIn.flatMap((each) => each.exec(key)?.[1] ?? [])));
  return Promise.all([...names].sort().map((agent) => showAgent(store, agent)));
}

/** One agent, also where there is nothing of it. */
export async function showAgent(store: Store, agent: string): Promise<AgentRow> {
  const [alive, status, drain] = await Promise.all([
    isAgentAlive(store, agent),
    readRecord(store, keyOf.agentStatus(agent), agentStatus),
    readRecord(store, keyOf.agentDrain(agent), agentDrain),
  ]);
  return { agent, alive, ...status, ...(drain === undefined ? {} : { drain }) };
}

/** Has an agent take nothing more, also after it was started again; with `preempt` its runs give the machine back. It hears of it within 4 s. @throws ClientError bad-input where there is none */
export async function drainAgent(store: Store, agent: string, drain: Omit<AgentDrain, 'at'>): Promise<void> {
  const row = await showAgent(store, agent);
  if (!row.alive && row.live === undefined)
    throw new ClientError(
      'bad-input',
      `there is no agent "${agent}" in ${store.url}: \`relaunch agent list\` shows those there are`,
    );
  await writeRecord(store, keyOf.agentDrain(agent), { ...drain, at: new Date().toISOString() });
}

/** Has it take runs again. */
export const resumeAgent = (store: Store, agent: string): Promise<void> => store.remove(keyOf.agentDrain(agent));
