import { mkdir, rm } from 'node:fs/promises';
import type { BuilderSpec } from '../../contracts/builder-spec.ts';
import type { Store } from '../../store/store.ts';
import { BuildLeases } from './build-leases.ts';
import { certificatesOf } from './certificates.ts';
import { DockerEngine } from './engine/docker-engine.ts';
import type { ImageEngine } from './engine/image-engine.ts';
import type { BuildSettings } from './prepared-build.ts';
import { dockerCredentials } from './registry/docker-config.ts';
import { agentRegistry, type AgentRegistryOptions } from './registry/agent-registry.ts';
import type { RegistryClient } from './registry/registry-client.ts';
import { SharedWork } from './shared-work.ts';

/** What makes images on this host. */
export interface Builder {
  /** A directory of its own, for what it unpacks. */
  workplace: string;
  settings: BuildSettings & { maxBuilds: number };
  engine: ImageEngine;
  registry: RegistryClient;
  leases: BuildLeases;
  builds: SharedWork<void>;
  /** They answer digests. */
  pushes: SharedWork<string>;
}

export interface BuilderOptions extends Pick<AgentRegistryOptions, 'dockerConfigDir' | 'registries'> {
  /** Of this agent alone; what one that was killed has left there goes. */
  workplace: string;
  spec: Extract<BuilderSpec, { type: 'docker' }>;
  /** As DOCKER_HOST has it. */
  engineAddress: string;
}

/** No engine or registry is connected to before the first image. */
export async function createBuilder(store: Store, options: BuilderOptions): Promise<Builder> {
  const { workplace, spec, engineAddress, dockerConfigDir, registries } = options;
  const { network, ...settings } = spec;
  await rm(workplace, { recursive: true, force: true, maxRetries: 3 });
  await mkdir(workplace, { recursive: true });
  const leases = new BuildLeases(store);
  await leases.tidy();
  return {
    workplace,
    settings: {
      ...settings,
      ...certificatesOf(spec),
      networkMode: network,
    },
    engine: new DockerEngine({
      address: engineAddress,
      credentials: (host, signal) => dockerCredentials(dockerConfigDir, host, signal),
    }),
    registry: agentRegistry({ dockerConfigDir, registries }),
    leases,
    builds: new SharedWork(),
    pushes: new SharedWork(),
  };
}
