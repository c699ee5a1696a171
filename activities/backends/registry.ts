import os from 'node:os';
import type { Backend } from './backend.ts';
import { createDockerBackend, type DockerOptions } from './docker/docker-backend.ts';
import type { DockerPoint } from './docker/site.ts';
import type { KubernetesOptions } from './kubernetes/clusters.ts';
import type { KubernetesPoint } from './kubernetes/code-volumes.ts';
import { createKubernetesBackend } from './kubernetes/kubernetes-backend.ts';
import { createProcessBackend } from './process/process-backend.ts';

/** Where a backend may die between the steps of one call. */
export type BackendKillPoint = DockerPoint | KubernetesPoint;

export interface BackendsOptions {
  /** Where host-bound backends keep their attempts. */
  home: string;
  /** The environment that jobs on this host inherit. */
  baseEnv: Readonly<Record<string, string>>;
  docker: Omit<DockerOptions, 'node'>;
  kubernetes: KubernetesOptions;
}

/** Every backend that this host has. Adding one touches its folder and this list. */
export function createBackends({ home, baseEnv, docker, kubernetes }: BackendsOptions): Backend[] {
  const node = os.hostname();
  return [
    createProcessBackend({ home, baseEnv, node }),
    createDockerBackend({ ...docker, node }),
    createKubernetesBackend(kubernetes),
  ];
}
