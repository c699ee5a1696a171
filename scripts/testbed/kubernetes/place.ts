import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where a testbed is on this machine, and everything that must differ between two of them: derived from its directory and its base port alone. */
export interface Place {
  /** Certificates, data, logs and pid files. Two testbeds never share it. */
  stateDir: string;
  basePort: number;
  ports: { api: number; kubeletHealth: number; kubelet: number; etcd: number; etcdPeer: number };
  /** Of the real node: also the address that the API server dials, so that no line in /etc/hosts is needed. */
  nodeName: string;
  /** The kubelet refuses a loopback address: this is an alias on `lo`, and nothing connects to it. */
  nodeAddress: string;
  /** What the real node keeps on disk. */
  nodeDir: string;
  /** For sockets, whose paths must be short, and for mounts. */
  runDir: string;
  containerdSocket: string;
  bridge: string;
  podSubnet: string;
  /** Two kubelets must never share one: each kills the other's pods. */
  cgroup: string;
}

export const defaultBasePort = 26_400;

/** A distance of 100 keeps ports and subnets of two testbeds apart. */
export const isBasePort = (port: number): boolean => port >= 1_100 && port <= 62_400 && port % 100 === 0;

/** Where the binaries and, by default, the state are. */
export function cacheDir(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'relaunch', 'kubernetes');
}

/** Holds one directory for each testbed that is up, and what they share. Gone after a reboot, as they are. */
export const sharedRunDir = '/run/relaunch-testbed';

export function placeOf(stateDir: string, basePort: number): Place {
  const runDir = join(sharedRunDir, String(basePort));
  const text = (...parts: number[]): string => parts.map((part) => String(Math.floor(part))).join('.');
  return {
    stateDir: resolve(stateDir),
    basePort,
    ports: {
      api: basePort + 43,
      kubeletHealth: basePort + 48,
      kubelet: basePort + 50,
      etcd: basePort + 79,
      etcdPeer: basePort + 80,
    },
    nodeName: '127.0.0.1',
    nodeAddress: `198.18.${text((basePort / 250) % 250, (basePort % 250) + 1)}`,
    nodeDir: join(resolve(stateDir), 'node'),
    runDir,
    containerdSocket: join(runDir, 'containerd.sock'),
    bridge: `relaunch${String(basePort)}`,
    podSubnet: `10.${text(128 + basePort / 512, (basePort / 2) % 256, 0)}/24`,
    cgroup: `relaunch-testbed-${String(basePort)}`,
  };
}

export const kubeconfigOf = ({ stateDir }: Place, user = 'admin'): string => join(stateDir, `${user}.kubeconfig`);
export const auditLogOf = ({ stateDir }: Place): string => join(stateDir, 'audit.log');
