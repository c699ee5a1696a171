import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unavailable } from './unavailable.ts';

const root = '/sys/fs/cgroup';

/** The directories of a testbed's cgroup: one in each hierarchy of version 1, or the one of version 2 (which nobody has tried yet). */
export async function cgroupDirs(name: string): Promise<string[]> {
  const hierarchies = (await isVersion2()) ? [root] : (await mountedHierarchies()).filter((each) => each !== unified);
  if (hierarchies.length > 0) return hierarchies.map((each) => join(each, name));
  throw unavailable(
    `there are no cgroups in ${root}, in which a testbed keeps what it starts. Run this on a machine that has them.`,
  );
}

/** Version 2 beside version 1, without controllers. We put nothing there, but runc does. */
const unified = join(root, 'unified');

async function mountedHierarchies(): Promise<string[]> {
  if (await isVersion2()) return [root];
  const paths = (await readdir(root)).map((each) => join(root, each));
  const mounted = await Promise.all(paths.map((path) => exists(join(path, 'cgroup.procs'))));
  return paths.filter((_, index) => mounted[index]);
}

/** Makes `system`, for what starts containers, and another one, for these. */
export async function makeCgroups(name: string, workloads: 'pods' | 'containers'): Promise<void> {
  for (const dir of await cgroupDirs(name)) {
    const below = [join(dir, 'system'), join(dir, workloads)];
    for (const each of below) await mkdir(each, { recursive: true });
    for (const each of [dir, ...below]) await inheritCpus(each);
  }
  if (await isVersion2()) {
    for (const dir of [root, join(root, name)])
      await writeFile(join(dir, 'cgroup.subtree_control'), '+cpu +cpuset +memory +pids +io');
  }
}

/** A cpuset of version 1 begins without any CPU, and takes no process until it has one. */
async function inheritCpus(dir: string): Promise<void> {
  if (await isVersion2()) return;
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (!(await exists(join(dir, file)))) continue;
    await writeFile(join(dir, file), await readFile(join(dir, '..', file)));
  }
}

/** SIGKILL to all that is inside: shims and containers of this testbed, and nothing else. Resolves when they are gone. */
export async function killCgroup(name: string): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += 50) {
    const pids = await pidsIn(await cgroupDirs(name));
    if (pids.length === 0) return;
    if (waitedMs > 10_000) throw unavailable(`the processes ${pids.join(', ')} in cgroup ${name} survived SIGKILL`);
    for (const pid of pids) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        continue; // It ended meanwhile.
      }
    }
    await sleep(50);
  }
}

export async function removeCgroups(name: string): Promise<void> {
  for (const hierarchy of await mountedHierarchies()) {
    for (const each of (await treeOf(join(hierarchy, name))).reverse()) await rmdir(each);
  }
}

async function pidsIn(dirs: readonly string[]): Promise<string[]> {
  const pids = new Set<string>();
  for (const dir of dirs) {
    for (const each of await treeOf(dir)) {
      const text = await readFile(join(each, 'cgroup.procs'), 'utf8').catch(() => '');
      for (const pid of text.split('\n')) if (pid !== '') pids.add(pid);
    }
  }
  return [...pids];
}

/** A directory and all below it, parents first; nothing where there is none. */
async function treeOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [];
  const below = entries.filter((entry) => entry.isDirectory()).map((entry) => treeOf(join(dir, entry.name)));
  return [dir, ...(await Promise.all(below)).flat()];
}

const isVersion2 = (): Promise<boolean> => exists(join(root, 'cgroup.controllers'));

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
