import type { AgentSpec } from '../../../contracts/agent-spec.ts';
import { RegistryClient } from './registry-client.ts';

export interface AgentRegistryOptions {
  /** Where Docker's config.json is. */
  dockerConfigDir: string;
  registries: NonNullable<AgentSpec['registries']>;
  /** See RegistryOptions. */
  patienceMs?: number;
}

/** Asks registries as an agent's file has it. */
export function agentRegistry({ dockerConfigDir, registries, ...more }: AgentRegistryOptions): RegistryClient {
  const hosts = Object.entries(registries);
  return new RegistryClient({
    dockerConfigDir,
    insecureHosts: hosts.flatMap(([host, { insecure }]) => (insecure ? [host] : [])),
    tokenHosts: Object.fromEntries(hosts.map(([host, { tokenHosts }]) => [host, tokenHosts])),
    ...more,
  });
}
