import { join, resolve } from 'node:path';
import type { Kind, Place as AnyPlace } from '../place.ts';

export type PartName = 'containerd' | 'dockerd' | 'open-registry' | 'private-registry' | 'package-index';

export interface Place extends AnyPlace {
  ports: { openRegistry: number; privateRegistry: number; packageIndex: number };
  /** For sockets, whose paths must be short, and for mounts. Gone after a reboot, as these are. */
  runDir: string;
  containerdSocket: string;
  dockerSocket: string;
  /** What the Engine and its containerd keep on disk. */
  engineDir: string;
  /** Packages of Python: a test may put more there. */
  wheelsDir: string;
}

function placeOf(stateDir: string, basePort: number): Place {
  const runDir = join('/run/relaunch-docker', String(basePort));
  return {
    stateDir: resolve(stateDir),
    basePort,
    ports: { openRegistry: basePort, privateRegistry: basePort + 1, packageIndex: basePort + 2 },
    runDir,
    containerdSocket: join(runDir, 'containerd.sock'),
    dockerSocket: join(runDir, 'docker.sock'),
    engineDir: join(resolve(stateDir), 'engine'),
    wheelsDir: join(resolve(stateDir), 'wheels'),
    cgroup: `relaunch-docker-${String(basePort)}`,
  };
}

export const docker: Kind<Place> = { name: 'docker', defaultBasePort: 26_300, placeOf };

export const loopback = (port: number): string => `127.0.0.1:${String(port)}`;
