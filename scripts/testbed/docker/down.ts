import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { killCgroup, removeCgroups } from '../cgroups.ts';
import { oneAtATime } from '../lock.ts';
import { unmountBelow } from '../mounts.ts';
import { settle, type TestbedOptions } from '../options.ts';
import { kill } from '../part.ts';
import { readPlace, removePlace } from '../record.ts';
import { shimsOf } from '../shims.ts';
import { unavailable } from '../unavailable.ts';
import { docker, type Place } from './place.ts';

/** Ends exactly what `upDocker` started in a directory, with all containers, and removes it and the directory. The cache stays. Answers whether there was one. */
export async function downDocker(options: TestbedOptions = {}): Promise<boolean> {
  const { cache, stateDir, say } = settle(docker, options);
  return oneAtATime(cache, say, async () => {
    const place = await readPlace(docker, stateDir);
    if (place === undefined) return false;
    for (const name of ['open-registry', 'private-registry', 'package-index'] as const) await kill(place, name);
    await endEngine(place);
    await removePlace(place);
    return true;
  });
}

/** By SIGKILL: the state is thrown away, so that it is as good as SIGTERM, and faster. */
async function endEngine(place: Place): Promise<void> {
  await kill(place, 'dockerd');
  await kill(place, 'containerd');
  const shims = await shimsOf(join(place.runDir, 'containerd'), 'moby');
  await killCgroup(place.cgroup);
  const mounted = await unmountBelow(place.engineDir, place.runDir);
  // A removal must never reach into a mount.
  if (mounted.length > 0) throw unavailable(`still mounted, nothing is removed: ${mounted.join(', ')}. Unmount it.`);
  await removeCgroups(place.cgroup);
  for (const { socket } of shims) if (socket !== undefined) await rm(socket, { force: true });
  await rm(place.runDir, { recursive: true, force: true });
}
