import { homedir } from 'node:os';
import { join } from 'node:path';
import type { KubernetesOptions } from '../activities/backends/kubernetes/clusters.ts';
import { createBuilder, type Builder } from '../activities/images/builder.ts';
import { certificatesOf } from '../activities/images/certificates.ts';
import type { AgentRegistryOptions } from '../activities/images/registry/agent-registry.ts';
import { dockerCredentials } from '../activities/images/registry/docker-config.ts';
import type { Mounting } from '../contracts/image-spec.ts';
import type { Store } from '../store/store.ts';
import type { AgentOptions } from './agent.ts';

/** Which registries an agent knows, with the credentials that Docker has for them. */
export const registriesOf = ({ registries = {}, docker = {} }: AgentOptions): AgentRegistryOptions => ({
  dockerConfigDir: docker.configDirectory ?? join(homedir(), '.docker'),
  registries,
});

/** Of which registries its pods are given credentials. */
export const pullSecretsOf = ({
  dockerConfigDir,
  registries,
}: AgentRegistryOptions): NonNullable<KubernetesOptions['pullSecrets']> => ({
  hosts: Object.entries(registries).flatMap(([host, { pullSecret }]) => (pullSecret ? [host] : [])),
  credentialsOf: (host, signal) => dockerCredentials(dockerConfigDir, host, signal),
});

/** Undefined: it makes no images. */
export async function builderOf(options: AgentOptions, store: Store): Promise<Builder | undefined> {
  const { name, home, builder: spec, docker = {} } = options;
  if (spec?.type !== 'docker') return undefined;
  return createBuilder(store, {
    workplace: join(home, 'builds', name),
    spec,
    engineAddress: docker.host ?? 'unix:///var/run/docker.sock',
    ...registriesOf(options),
  });
}

/** Undefined: it puts no code beside base images. */
export function mountingOf(spec: AgentOptions['builder']): Mounting | undefined {
  if (spec?.type !== 'none') return undefined;
  const { baseImage, pythonImage, indexUrl, extraIndexUrls } = spec;
  return { baseImage, pythonImage, indexUrl, extraIndexUrls, ...certificatesOf(spec) };
}
