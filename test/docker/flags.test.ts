import { afterEach, beforeAll, expect, test } from 'vitest';
import type { Backend } from '../../activities/backends/backend.ts';
import { never } from '../support/backend-harness.ts';
import { dockerHarness, type DockerHarness } from '../support/docker-harness.ts';
import { recordingSink } from '../support/recording-sink.ts';

let harness: DockerHarness;
let backend: Backend;
beforeAll(async () => {
  harness = await dockerHarness();
  ({ backend } = harness);
});
afterEach(() => harness.cleanup());

test.each<[string, Record<string, never> | object, object]>([
  ['cpus', { cpus: '0.5' }, { HostConfig: { NanoCpus: 500_000_000 } }],
  ['cpu', { cpu: 1 }, { HostConfig: { NanoCpus: 1_000_000_000 } }],
  [
    'cpu-period, cpu-quota',
    { cpuPeriod: 100_000, 'cpu-quota': '50000' },
    { HostConfig: { CpuPeriod: 100_000, CpuQuota: 50_000 } },
  ],
  ['cpu-shares', { cpu_shares: 512 }, { HostConfig: { CpuShares: 512 } }],
  [
    'cpuset-cpus, cpuset-mems',
    { 'cpuset-cpus': '0', 'cpuset-mems': '0' },
    { HostConfig: { CpusetCpus: '0', CpusetMems: '0' } },
  ],
  ['e', { e: ['FROM=queue'] }, { Config: { Env: expect.arrayContaining(['FROM=queue']) as unknown } }],
  ['env', { env: { FROM: 'queue' } }, { Config: { Env: expect.arrayContaining(['FROM=queue']) as unknown } }],
  ['m', { m: '64m' }, { HostConfig: { Memory: 67_108_864 } }],
  [
    'memory, memory-reservation, memory-swap',
    { memory: '64m', 'memory-reservation': '32m', 'memory-swap': '128m' },
    { HostConfig: { Memory: 67_108_864, MemoryReservation: 33_554_432, MemorySwap: 134_217_728 } },
  ],
  ['pids-limit', { 'pids-limit': 50 }, { HostConfig: { PidsLimit: 50 } }],
  ['platform', { platform: 'linux/amd64' }, { Platform: 'linux' }],
  ['shm-size', { 'shm-size': '8m' }, { HostConfig: { ShmSize: 8_388_608 } }],
  ['ulimit', { ulimit: ['nofile=128:256'] }, { HostConfig: { Ulimits: [{ Name: 'nofile', Soft: 128, Hard: 256 }] } }],
  ['w', { w: '/tmp' }, { Config: { WorkingDir: '/tmp' } }],
  ['workdir', { workdir: '/tmp' }, { Config: { WorkingDir: '/tmp' } }],
  ['volume', { v: ['/tmp:/host:ro'] }, { HostConfig: { Binds: ['/tmp:/host:ro'] } }],
  [
    'mount',
    { mount: 'type=tmpfs,target=/scratch,tmpfs-size=1m' },
    {
      HostConfig: {
        Mounts: expect.arrayContaining([expect.objectContaining({ Type: 'tmpfs', Target: '/scratch' })]) as unknown,
      },
    },
  ],
  ['network', { network: 'host' }, { HostConfig: { NetworkMode: 'host' } }],
  ['user', { user: '1000' }, { Config: { User: '1000' } }],
  [
    'nothing',
    {},
    {
      HostConfig: {
        SecurityOpt: ['no-new-privileges'],
        AutoRemove: false,
        Privileged: false,
        RestartPolicy: { Name: '' },
      },
    },
  ],
])('the engine has what the queue says: %s', async (_, resourceArgs, expected) => {
  const attempt = await harness.start({ command: ['true'], resourceArgs: resourceArgs as Record<string, string> });
  const { ref } = attempt;
  expect(await harness.containerOf(attempt).inspect()).toMatchObject(expected);
  expect(await backend.follow(ref, recordingSink(), never)).toMatchObject({ kind: 'succeeded' });
});

test('a queue’s command runs where the run has none', async () => {
  const attempt = harness.attempt({ command: [], resourceArgs: { command: 'echo from the queue' } });
  await backend.submit(attempt, never);
  const sink = recordingSink();
  await backend.follow(attempt.ref, sink, never);
  expect(sink.texts('stdout')).toEqual(['from the queue']);
});
