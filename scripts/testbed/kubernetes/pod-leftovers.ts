import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { shimsOf } from '../shims.ts';
import { podLogsOf } from './kubelet.ts';
import type { Place } from './place.ts';

const runcDirectory = '/run/containerd/runc/k8s.io';
const cniResults = '/var/lib/cni/results';
const logLinks = '/var/log/containers';

/** What runc, the shims, CNI and the kubelet keep at fixed places of the machine for pods of this testbed that are alive: nobody else will remove it. */
export async function podLeftovers(place: Place): Promise<string[]> {
  const results = await namesIn(cniResults);
  const paths: string[] = [];
  for (const { container, socket } of await shimsOf(join(place.runDir, 'containerd'), 'k8s.io')) {
    if (socket !== undefined) paths.push(socket);
    paths.push(join(runcDirectory, container));
    paths.push(...results.filter((name) => name.includes(`-${container}-`)).map((name) => join(cniResults, name)));
  }
  for (const name of await namesIn(logLinks)) {
    const target = await readlink(join(logLinks, name)).catch(() => '');
    if (target.startsWith(`${podLogsOf(place)}/`)) paths.push(join(logLinks, name));
  }
  return paths;
}

const namesIn = (directory: string): Promise<string[]> => readdir(directory).catch(() => []);
