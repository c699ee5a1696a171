import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { podLogsOf } from './kubelet.ts';
import type { Place } from './place.ts';

const runcDirectory = '/run/containerd/runc/k8s.io';
const cniResults = '/var/lib/cni/results';
const logLinks = '/var/log/containers';

/** What runc, the shims, CNI and the kubelet keep at fixed places of the machine for pods of this testbed that are alive: nobody else will remove it. */
export async function podLeftovers(place: Place): Promise<string[]> {
  const tasks = join(place.runDir, 'containerd', 'io.containerd.runtime.v2.task', 'k8s.io');
  const results = await namesIn(cniResults);
  const paths: string[] = [];
  for (const id of await namesIn(tasks)) {
    const address = await readFile(join(tasks, id, 'address'), 'utf8').catch(() => '');
    if (address !== '') paths.push(address.trim().replace(/^unix:\/\//, ''));
    paths.push(join(runcDirectory, id));
    paths.push(...results.filter((name) => name.includes(`-${id}-`)).map((name) => join(cniResults, name)));
  }
  for (const name of await namesIn(logLinks)) {
    const target = await readlink(join(logLinks, name)).catch(() => '');
    if (target.startsWith(`${podLogsOf(place)}/`)) paths.push(join(logLinks, name));
  }
  return paths;
}

const namesIn = (directory: string): Promise<string[]> => readdir(directory).catch(() => []);
