import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import { z } from 'zod';
import { gpus } from './gpus.ts';
import { devices, mounts, tmpfs, volumes } from './mounts.ts';
import * as value from './values.ts';

/** What a queue's flags make of each of its containers. */
export interface FlagSettings {
  config: Pick<ContainerCreateOptions, 'User' | 'WorkingDir' | 'Hostname'>;
  host: HostConfig;
  env: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  /** What runs, where neither the run nor its arguments say. */
  command?: readonly string[];
  /** `os[/arch[/variant]]`. */
  platform?: string;
}

type Patch = Partial<FlagSettings>;

const host = <T>(schema: z.ZodType<T>, make: (value: T) => HostConfig) =>
  schema.transform((given): Patch => ({ host: make(given) }));
const config = (key: keyof FlagSettings['config'], schema: z.ZodType<string> = value.text) =>
  schema.transform((given): Patch => ({ config: { [key]: given } }));

const cpuSet = value.text.refine((given) => /^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(given), 'such as 0-3 or 0,2');
const words = value.listOf(value.text);

/** Words without quotes; whoever needs blanks in one writes a list. */
const command = z.union(
  [
    z.array(z.string()),
    z
      .string()
      .regex(/^[^"'\\]+$/)
      .transform((given) => given.trim().split(/\s+/)),
  ],
  'words without quotes, or a list of them',
);

/** What a submitter may ever set, too: the list of W&B's launch agent. `name` is on it there; here containers are named after their runs. */
const forAll: Readonly<Record<string, z.ZodType<Patch>>> = {
  command: command.transform((given): Patch => ({ command: given })),
  'cpu-period': host(value.whole('microseconds'), (CpuPeriod) => ({ CpuPeriod })),
  'cpu-quota': host(
    value.whole('microseconds, or -1', (n) => n >= -1),
    (CpuQuota) => ({ CpuQuota }),
  ),
  'cpu-shares': host(value.whole('a whole number'), (CpuShares) => ({ CpuShares })),
  cpus: host(
    value.number.refine((n) => n > 0, 'a number above 0, such as 1.5'),
    (cpus) => ({ NanoCpus: Math.round(cpus * 1e9) }),
  ),
  'cpuset-cpus': host(cpuSet, (CpusetCpus) => ({ CpusetCpus })),
  'cpuset-mems': host(cpuSet, (CpusetMems) => ({ CpusetMems })),
  env: value.environment.transform((env): Patch => ({ env })),
  gpus: host(gpus, (request) => ({ DeviceRequests: [request] })),
  memory: host(value.bytes, (Memory) => ({ Memory })),
  'memory-reservation': host(value.bytes, (MemoryReservation) => ({ MemoryReservation })),
  'memory-swap': host(value.bytesOrAll, (MemorySwap) => ({ MemorySwap })),
  'pids-limit': host(
    value.whole('a whole number, or -1', (n) => n >= -1),
    (PidsLimit) => ({ PidsLimit }),
  ),
  platform: z
    .string()
    .regex(/^[a-z0-9]+(\/[a-z0-9_]+){0,2}$/, 'such as linux/amd64')
    .transform((platform): Patch => ({ platform })),
  'shm-size': host(value.bytes, (ShmSize) => ({ ShmSize })),
  ulimit: host(value.listOf(value.ulimit), (Ulimits) => ({ Ulimits })),
  workdir: config('WorkingDir', z.string().regex(/^\//, 'an absolute path')),
};

/** What only the admin may set, in the queue's file. */
const forAdmins: Readonly<Record<string, z.ZodType<Patch>>> = {
  'add-host': host(value.listOf(z.string().regex(/^[^:]+:.+$/, 'NAME:ADDRESS')), (ExtraHosts) => ({ ExtraHosts })),
  'cap-add': host(words, (CapAdd) => ({ CapAdd })),
  'cap-drop': host(words, (CapDrop) => ({ CapDrop })),
  device: host(devices, (Devices) => ({ Devices })),
  dns: host(words, (Dns) => ({ Dns })),
  'group-add': host(words, (GroupAdd) => ({ GroupAdd })),
  hostname: config('Hostname'),
  init: host(value.flag, (Init) => ({ Init })),
  ipc: host(value.text, (IpcMode) => ({ IpcMode })),
  label: value.labels.transform((labels): Patch => ({ labels })),
  mount: host(mounts, (Mounts) => ({ Mounts })),
  network: host(value.text, (NetworkMode) => ({ NetworkMode })),
  privileged: host(value.flag, (Privileged) => ({ Privileged })),
  'read-only': host(value.flag, (ReadonlyRootfs) => ({ ReadonlyRootfs })),
  runtime: host(value.text, (Runtime) => ({ Runtime })),
  'security-opt': host(words, (SecurityOpt) => ({ SecurityOpt })),
  tmpfs: host(tmpfs, (Tmpfs) => ({ Tmpfs })),
  user: config('User'),
  volume: host(volumes, (Binds) => ({ Binds })),
};

export const submitterFlags: ReadonlyMap<string, z.ZodType<Patch>> = new Map(Object.entries(forAll));
export const queueFlags: ReadonlyMap<string, z.ZodType<Patch>> = new Map([
  ...submitterFlags,
  ...Object.entries(forAdmins),
]);

const followed = 'the launcher follows its containers itself';
const noTerminal = 'jobs have no terminal';
const hostFile = 'it would be a file of the agent’s machine';
const reads = 'the launcher reads the log through the engine';

/** Flags of `docker run` that nobody may set, and why. */
export const refusedFlags: ReadonlyMap<string, string> = new Map([
  ['attach', noTerminal],
  ['cidfile', hostFile],
  ['detach', followed],
  ['detach-keys', noTerminal],
  ['entrypoint', 'it is the run’s: --entry-point of its launch'],
  ['env-file', hostFile],
  ['interactive', noTerminal],
  ['label-file', hostFile],
  ['log-driver', reads],
  ['log-opt', reads],
  ['name', 'containers are named after their runs'],
  ['pull', 'an image is always pulled, and a copy stands in where that fails'],
  ['restart', 'a container that ends is not started behind the launcher’s back: its run is requeued, or not'],
  ['rm', 'a container is removed when its end and its log are recorded, not before'],
  ['sig-proxy', followed],
  ['stop-timeout', 'it is the run’s gracePeriod'],
  ['tty', noTerminal],
]);
