import { Resolver } from 'node:dns/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './build.ts';
import { start } from '../part.ts';
import { kubeconfigOf, type Place } from './place.ts';
import { waitFor } from '../wait-for.ts';

export const clusterDomain = 'cluster.local';

/** Gives services, and the pods of headless ones, their names. Resolves when it answers. */
export async function startCoredns(place: Place, { coredns }: Binaries): Promise<void> {
  const config = join(place.nodeDir, 'Corefile');
  await writeFile(config, configOf(place));
  await start(place, { name: 'coredns', command: [coredns, '-conf', config] });
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([place.nodeAddress]);
  await waitFor(place, 'coredns', 30_000, async () => {
    await resolver.resolve4(`kubernetes.default.svc.${clusterDomain}`);
  });
}

const configOf = (place: Place): string => `${clusterDomain} {
  bind ${place.nodeAddress}
  errors
  kubernetes {
    kubeconfig ${JSON.stringify(kubeconfigOf(place))}
  }
}
`;
