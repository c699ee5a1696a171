import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Of a process that looks after one container. */
export interface Shim {
  container: string;
  /** At a fixed place of the machine, where it stays when the shim is killed. None while the shim starts. */
  socket?: string;
}

/** The shims of the containers that a containerd of ours had. */
export async function shimsOf(containerdState: string, namespace: string): Promise<Shim[]> {
  const tasks = join(containerdState, 'io.containerd.runtime.v2.task', namespace);
  const containers = await readdir(tasks).catch(() => []);
  return Promise.all(
    containers.map(async (container) => {
      const address = await readFile(join(tasks, container, 'address'), 'utf8').catch(() => '');
      return { container, ...(address !== '' && { socket: address.trim().replace(/^unix:\/\//, '') }) };
    }),
  );
}
