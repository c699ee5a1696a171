import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { execa } from 'execa';
import { killCgroup, removeCgroups } from '../cgroups.ts';
import { restoreHostSettings } from './host-settings.ts';
import { oneAtATime } from '../lock.ts';
import { unmountBelow } from '../mounts.ts';
import { kill } from '../part.ts';
import { kubernetes, type Place } from './place.ts';
import { podLeftovers } from './pod-leftovers.ts';
import { readPlace, removePlace } from '../record.ts';
import { settle, type TestbedOptions } from '../options.ts';
import { unavailable } from '../unavailable.ts';

/** Ends exactly what `upKubernetes` started in a directory, and removes it and the directory. The binaries stay. Answers whether there was one. */
export async function downKubernetes(options: TestbedOptions = {}): Promise<boolean> {
  const { cache, stateDir, say } = settle(kubernetes, options);
  return oneAtATime(cache, say, async () => {
    const place = await readPlace(kubernetes, stateDir);
    if (place === undefined) return false;
    await endNode(place);
    for (const name of ['kwok', 'scheduler', 'controller-manager', 'apiserver', 'etcd'] as const)
      await kill(place, name);
    await removePlace(place);
    return true;
  });
}

/** By SIGKILL: the state is thrown away, so that it is as good as SIGTERM, and 15 s faster. */
async function endNode(place: Place): Promise<void> {
  for (const name of ['kubelet', 'containerd', 'logind', 'coredns'] as const) await kill(place, name);
  if (!existsSync(place.nodeDir)) return;
  const leftovers = await podLeftovers(place);
  await killCgroup(place.cgroup);
  const mounted = await unmountBelow(place.nodeDir, place.runDir);
  // A removal must never reach into a mount.
  if (mounted.length > 0) throw unavailable(`still mounted, nothing is removed: ${mounted.join(', ')}. Unmount it.`);
  await execa('ip', ['link', 'delete', place.bridge], { reject: false });
  await execa('ip', ['address', 'delete', `${place.nodeAddress}/32`, 'dev', 'lo'], { reject: false });
  await removeCgroups(place.cgroup);
  for (const path of [...leftovers, place.runDir]) await rm(path, { recursive: true, force: true });
  await restoreHostSettings();
}
