import { describe, expect, test } from 'vitest';
import { readQueueFlags, readSubmitterFlags } from '../../activities/backends/docker/flags/read-flags.ts';
import { checkDockerArgs } from '../../activities/backends/docker/queue-args.ts';

const settings = (given: object) => {
  const read = readQueueFlags(given);
  if ('issues' in read) throw new Error(JSON.stringify(read.issues));
  return read.settings;
};

describe('what a submitter may set', () => {
  test.each<[object, object]>([
    [{ cpus: 1.5 }, { host: { NanoCpus: 1_500_000_000 } }],
    [{ cpu: '2' }, { host: { NanoCpus: 2_000_000_000 } }],
    [
      { 'cpu-shares': 512, cpu_period: '100000', cpuQuota: 50_000 },
      { host: { CpuShares: 512, CpuPeriod: 100_000, CpuQuota: 50_000 } },
    ],
    [{ 'cpuset-cpus': '0-3', CPUSET_MEMS: '0' }, { host: { CpusetCpus: '0-3', CpusetMems: '0' } }],
    [{ m: '64m' }, { host: { Memory: 67_108_864 } }],
    [{ '--memory': '1.5GB', 'memory-swap': -1 }, { host: { Memory: 1_610_612_736, MemorySwap: -1 } }],
    [{ 'memory=1g': null }, { host: { Memory: 1_073_741_824 } }],
    [
      { memoryReservation: '512Mib', 'shm-size': '8g' },
      { host: { MemoryReservation: 536_870_912, ShmSize: 8_589_934_592 } },
    ],
    [{ 'pids-limit': 50 }, { host: { PidsLimit: 50 } }],
    [
      { ulimit: ['nofile=128:256', 'core=0'] },
      {
        host: {
          Ulimits: [
            { Name: 'nofile', Soft: 128, Hard: 256 },
            { Name: 'core', Soft: 0, Hard: 0 },
          ],
        },
      },
    ],
    [{ e: 'A=b=c' }, { env: { A: 'b=c' } }],
    [{ env: ['A=1', 'B='] }, { env: { A: '1', B: '' } }],
    [{ env: { A: 1, B: true } }, { env: { A: '1', B: 'true' } }],
    [{ w: '/work' }, { config: { WorkingDir: '/work' } }],
    [{ platform: 'linux/amd64' }, { platform: 'linux/amd64' }],
    [{ command: 'python train.py --lr 3' }, { command: ['python', 'train.py', '--lr', '3'] }],
    [{ gpus: 'all' }, { host: { DeviceRequests: [{ Driver: '', Count: -1, Capabilities: [['gpu']] }] } }],
    [{ GPUs: 2 }, { host: { DeviceRequests: [{ Count: 2 }] } }],
    [{ gpus: '"device=0,2"' }, { host: { DeviceRequests: [{ DeviceIDs: ['0', '2'], Capabilities: [['gpu']] }] } }],
    [
      { gpus: 'driver=nvidia,count=1,"capabilities=compute,utility"' },
      { host: { DeviceRequests: [{ Driver: 'nvidia', Count: 1, Capabilities: [['gpu', 'compute', 'utility']] }] } },
    ],
  ])('%j', (given, expected) => {
    expect(readSubmitterFlags(given)).toMatchObject({ settings: expected });
    expect(readQueueFlags(given)).toMatchObject({ settings: expected });
  });

  const admins = 'only the admin of the queue may set it';
  test.each<[string, unknown, string]>([
    ['volume', '/:/host', admins],
    ['v', ['/var/run/docker.sock:/s'], admins],
    ['--volume', '/:/host', admins],
    ['VOLUME', '/:/host', admins],
    ['volume=/:/host', null, admins],
    ['mount', 'type=bind,source=/,target=/host', admins],
    ['tmpfs', '/run', admins],
    ['network', 'host', admins],
    ['net', 'host', admins],
    ['device', '/dev/sda', admins],
    ['privileged', true, admins],
    ['Privileged', 'true', admins],
    ['capAdd', 'SYS_ADMIN', admins],
    ['cap_add', 'ALL', admins],
    ['cap-drop', 'ALL', admins],
    ['securityOpt', 'seccomp=unconfined', admins],
    ['ipc', 'host', admins],
    ['user', 'root', admins],
    ['u', '0', admins],
    ['groupAdd', 'docker', admins],
    ['runtime', 'runc', admins],
    ['add-host', 'registry:1.2.3.4', admins],
    ['hostname', 'x', admins],
    ['label', 'relaunch.dev/owner=x', admins],
    ['name', 'mine', 'named after their runs'],
    ['entrypoint', '/bin/sh', 'of its launch'],
    ['env-file', '/etc/shadow', 'agent’s machine'],
    ['envFile', '/etc/shadow', 'agent’s machine'],
    ['restart', 'always', 'behind the launcher’s back'],
    ['rm', true, 'not before'],
    ['log-driver', 'none', 'reads the log'],
    ['d', true, 'follows its containers'],
    ['it', true, 'not a flag of docker run'],
    ['pid', 'host', 'not a flag of docker run'],
    ['memory ', '1g', 'not a flag of docker run'],
    ['memory=1g --privileged', null, 'a size'],
    ['memory', '1g --privileged', 'a size'],
    ['env', 'AWS_SECRET_ACCESS_KEY', 'agent’s own environment'],
    ['env', ['A=1', 'HOME'], 'agent’s own environment'],
    ['workdir', '../..', 'an absolute path'],
    ['platform', 'linux/amd64 --privileged', 'such as linux/amd64'],
    ['gpus', 'device=0,count=2', 'all, a number'],
    ['gpus', { count: 2 }, 'a text'],
    ['memory', true, 'a text'],
    ['cpus', [1, 2], 'a number'],
    ['cpus', 0, 'above 0'],
    ['ulimit', 'nofile', 'nofile=1024'],
    ['cpuset-cpus', '0;id', 'such as 0-3'],
    ['', 'x', 'not a flag of docker run'],
    ['__proto__', 'x', 'not a flag of docker run'],
  ])('not %j: %j', (key, value, rule) => {
    const read = readSubmitterFlags(Object.fromEntries([[key, value]]));
    expect(read).toEqual({
      issues: [expect.objectContaining({ path: key, rule: expect.stringContaining(rule) as unknown })],
    });
  });
});

describe("what a queue's file may set besides", () => {
  test.each<[object, object]>([
    [{ v: ['/data:/data:ro', 'cache:/cache'] }, { host: { Binds: ['/data:/data:ro', 'cache:/cache'] } }],
    [
      { mount: 'type=bind,source=/data,target=/data,readonly' },
      { host: { Mounts: [{ Type: 'bind', Source: '/data', Target: '/data', ReadOnly: true }] } },
    ],
    [
      { mount: ['type=tmpfs,dst=/scratch,tmpfs-size=1g'] },
      { host: { Mounts: [{ Type: 'tmpfs', Target: '/scratch', TmpfsOptions: { SizeBytes: 1_073_741_824 } }] } },
    ],
    [{ tmpfs: ['/run', '/tmp:size=64m'] }, { host: { Tmpfs: { '/run': '', '/tmp': 'size=64m' } } }],
    [
      { device: '/dev/fuse' },
      { host: { Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/fuse', CgroupPermissions: 'rwm' }] } },
    ],
    [
      { network: 'host', ipc: 'host', addHost: 'store:10.0.0.1' },
      { host: { NetworkMode: 'host', IpcMode: 'host', ExtraHosts: ['store:10.0.0.1'] } },
    ],
    [
      { user: 1000, group_add: ['video'] },
      { config: { User: '1000' }, host: { GroupAdd: ['video'] } },
    ],
    [
      { 'cap-drop': 'ALL', 'cap-add': ['CHOWN'], 'security-opt': 'seccomp=unconfined' },
      { host: { CapDrop: ['ALL'], CapAdd: ['CHOWN'], SecurityOpt: ['seccomp=unconfined'] } },
    ],
    [
      { privileged: true, init: true, readOnly: true, runtime: 'nvidia' },
      { host: { Privileged: true, Init: true, ReadonlyRootfs: true, Runtime: 'nvidia' } },
    ],
    [{ label: ['team=vision', 'gpu'] }, { labels: { team: 'vision', gpu: '' } }],
  ])('%j', (given, expected) => {
    expect(settings(given)).toMatchObject(expected);
  });

  test.each<[object, string]>([
    [{ volume: '/anonymous' }, 'resourceArgs.docker.volume is "/anonymous": SOURCE:TARGET[:ro]'],
    [{ volume: 'data/relative:/data' }, 'SOURCE:TARGET[:ro]'],
    [{ v: '/nfs:/checkpoints' }, '/checkpoints is where each run has its own checkpoints'],
    [{ mount: 'type=bind,source=/nfs,target=/checkpoints/' }, '/checkpoints is where'],
    [{ tmpfs: '/checkpoints:size=1g' }, '/checkpoints is where'],
    [{ mount: 'type=bind,source=/a,target=/b,consistency=cached' }, 'consistency: not known'],
    [{ mount: 'type=bind,target=/b' }, 'it needs a source'],
    [{ label: 'relaunch.dev/agent=other' }, 'are the launcher’s'],
    [{ memory: '1g', m: '2g' }, 'resourceArgs.docker.m is "2g": it is given twice, also as "memory"'],
    [{ 'memory=1g': '2g' }, 'its key has a value already'],
    [{ privileged: 'yes' }, 'true or false'],
    [{ tty: true }, 'jobs have no terminal'],
    [{ command: 'sh -c "a b"' }, 'words without quotes'],
  ])('not %j', (given, sentence) => {
    expect(checkDockerArgs(given)).toEqual([expect.stringContaining(sentence)]);
  });

  test.each([null, undefined, {}])('nothing at all: %j', (given) => {
    expect(checkDockerArgs(given)).toEqual([]);
  });

  test.each([[['memory']], ['memory=1g'], [3]])('no map: %j', (given) => {
    expect(checkDockerArgs(given)).toEqual([expect.stringContaining('a map of flags')]);
  });
});
