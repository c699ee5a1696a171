import { join, resolve } from 'node:path';
import type { Kind, Place as AnyPlace } from '../place.ts';

export type PartName =
  'etcd' | 'apiserver' | 'controller-manager' | 'scheduler' | 'kwok' | 'coredns' | 'logind' | 'containerd' | 'kubelet';

export interface Place extends AnyPlace {
  ports: { api: number; kubeletHealth: number; kubelet: number; etcd: number; etcdPeer: number };
  /** Of the real node: also the address that the API server dials, so that no line in /etc/hosts is needed. */
  nodeName: string;
  /** The kubelet refuses a loopback address: this is an alias on `lo`. Pods ask the cluster's DNS there. */
  nodeAddress: string;
  /** What the real node keeps on disk. */
  nodeDir: string;
  /** For sockets, whose paths must be short, and for mounts. */
  runDir: string;
  containerdSocket: string;
  /** Of a bus with a stand-in for logind; never the machine's own. */
  busSocket: string;
  bridge: string;
  podSubnet: string;
}

/** Holds one directory for each testbed that is up, and what they share. Gone after a reboot, as they are. */
export const sharedRunDir = '/run/relaunch-testbed';

/** Two kubelets must never share a cgroup: each kills the other's pods. */
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
    busSocket: join(runDir, 'dbus.sock'),
    bridge: `relaunch${String(basePort)}`,
    podSubnet: `10.${text(128 + basePort / 512, (basePort / 2) % 256, 0)}/24`,
    cgroup: `relaunch-testbed-${String(basePort)}`,
  };
}

export const kubernetes: Kind<Place> = { name: 'kubernetes', defaultBasePort: 26_400, placeOf };

export const kubeconfigOf = ({ stateDir }: Place, user = 'admin'): string => join(stateDir, `${user}.kubeconfig`);
export const auditLogOf = ({ stateDir }: Place): string => join(stateDir, 'audit.log');
