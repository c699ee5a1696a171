import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { aptInstall } from '../apt.ts';
import { modulesOfPython, python } from './python.ts';
import type { Say } from '../timed.ts';

/** Where Debian has the plugins of the container network. */
export const cniPlugins = '/usr/lib/cni';
export const busybox = '/bin/busybox';

const works = async (file: string, ...args: string[]): Promise<boolean> =>
  !(await execa(file, args, { reject: false, stdio: 'ignore' })).failed;

/** What the real node and its images are made of, by the package of Debian that brings it, and how one sees that it is there. */
const wanted: readonly { name: string; isThere: () => Promise<boolean> }[] = [
  {
    name: 'containerd',
    isThere: async () => (await works('containerd', '--version')) && (await works('ctr', '--version')),
  },
  { name: 'runc', isThere: () => works('runc', '--version') },
  { name: 'containernetworking-plugins', isThere: () => Promise.resolve(existsSync(`${cniPlugins}/bridge`)) },
  // The other busybox needs libraries, which its image has not.
  { name: 'busybox-static', isThere: async () => (await works(busybox, 'true')) && !(await works('ldd', busybox)) },
  { name: 'python3', isThere: () => works(python, '-I', '-c', `import ${modulesOfPython}`) },
  { name: 'python3-dbus', isThere: () => works(python, '-I', '-c', 'import dbus') },
  { name: 'python3-gi', isThere: () => works(python, '-I', '-c', 'import gi') },
  { name: 'iproute2', isThere: () => works('ip', '-V') },
];

/** Installs what is missing. @throws RelaunchError */
export async function installPackages(say: Say): Promise<void> {
  const missing: string[] = [];
  for (const { name, isThere } of wanted) if (!(await isThere())) missing.push(name);
  if (missing.length === 0) return;
  say(`installing ${missing.join(', ')} with apt-get`);
  await aptInstall(missing);
}
