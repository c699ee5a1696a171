import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sharedRunDir } from './place.ts';

/** What a kubelet changes on its machine, whatever it is told. */
const sysctls = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];
const kubeletDirectory = '/var/lib/kubelet';

const saved = z.object({ sysctls: z.record(z.string(), z.string()), kubeletDirectory: z.boolean() });
const savedName = 'host-settings.json';
const savedFile = join(sharedRunDir, savedName);

/** Writes down what the machine was like before its first testbed. */
export async function saveHostSettings(): Promise<void> {
  if (existsSync(savedFile)) return;
  const found: z.infer<typeof saved> = { sysctls: {}, kubeletDirectory: existsSync(kubeletDirectory) };
  for (const name of sysctls) {
    if (existsSync(join('/proc/sys', name)))
      found.sysctls[name] = (await readFile(join('/proc/sys', name), 'utf8')).trim();
  }
  await mkdir(sharedRunDir, { recursive: true, mode: 0o700 });
  await writeFile(`${savedFile}.incoming`, JSON.stringify(found));
  await rename(`${savedFile}.incoming`, savedFile);
}

/** Makes the machine what it was before its first testbed, when the last one has gone. */
export async function restoreHostSettings(): Promise<void> {
  if (!existsSync(savedFile)) return;
  if ((await readdir(sharedRunDir)).some((name) => name !== savedName)) return;
  const before = saved.parse(JSON.parse(await readFile(savedFile, 'utf8')));
  for (const [name, value] of Object.entries(before.sysctls)) await writeFile(join('/proc/sys', name), value);
  // Only for its sockets of device plugins: everything else is in a testbed's own directory.
  if (!before.kubeletDirectory) await rm(kubeletDirectory, { recursive: true, force: true });
  await rm(sharedRunDir, { recursive: true });
}
