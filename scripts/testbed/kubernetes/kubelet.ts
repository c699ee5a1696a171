import { writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Api } from './api.ts';
import type { Binaries } from './build.ts';
import { pki } from './certificates.ts';
import { clusterDomain } from './coredns.ts';
import { nodesOf } from './nodes.ts';
import { start } from '../part.ts';
import { kubeconfigOf, type Place } from './place.ts';
import { waitFor } from '../wait-for.ts';

const mebibyte = 1024 * 1024;
/** What pods may have together, so that a test can fill it on any machine. */
const allocatableMiB = 2048;

/** Makes this machine a node. Resolves when it is ready. */
export async function startKubelet(place: Place, { kubernetes }: Binaries, api: Api): Promise<void> {
  const config = join(place.nodeDir, 'kubelet.yaml');
  await writeFile(config, stringify(configOf(place)));
  await start(place, {
    name: 'kubelet',
    command: [
      kubernetes,
      'kubelet',
      `--config=${config}`,
      `--kubeconfig=${kubeconfigOf(place, 'kubelet')}`,
      `--hostname-override=${place.nodeName}`,
      `--node-ip=${place.nodeAddress}`,
      `--root-dir=${join(place.nodeDir, 'kubelet')}`,
      `--cert-dir=${join(place.nodeDir, 'pki')}`,
    ],
    env: { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${place.busSocket}` },
    confined: true,
  });
  await waitFor(place, 'kubelet', 60_000, async () => {
    const health = await fetch(`http://127.0.0.1:${String(place.ports.kubeletHealth)}/healthz`);
    if (!health.ok) return `it says it is not healthy: ${await health.text()}`;
    return (await nodesOf(api)).get(place.nodeName) === true ? undefined : `node ${place.nodeName} is not ready`;
  });
}

/** Where pods write their logs on this machine. */
export const podLogsOf = ({ nodeDir }: Place): string => join(nodeDir, 'podlogs');

const configOf = (place: Place): unknown => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: '127.0.0.1',
  port: place.ports.kubelet,
  healthzBindAddress: '127.0.0.1',
  healthzPort: place.ports.kubeletHealth,
  tlsCertFile: pki(place, 'kubelet.crt'),
  tlsPrivateKeyFile: pki(place, 'kubelet.key'),
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: pki(place, 'ca.crt') },
  },
  authorization: { mode: 'Webhook' },
  containerRuntimeEndpoint: `unix://${place.containerdSocket}`,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: `/${place.cgroup}/pods`,
  enforceNodeAllocatable: ['pods'],
  systemReserved: { memory: `${String(Math.max(0, Math.floor(totalmem() / mebibyte) - allocatableMiB))}Mi` },
  failCgroupV1: false,
  failSwapOn: false,
  oomScoreAdj: 0,
  maxOpenFiles: 20_000,
  makeIPTablesUtilChains: false,
  resolvConf: '',
  clusterDNS: [place.nodeAddress],
  clusterDomain,
  podLogsDir: podLogsOf(place),
  volumePluginDir: join(place.nodeDir, 'volume-plugins'),
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
  evictionHard: {
    'memory.available': '256Mi',
    'nodefs.available': '1%',
    'imagefs.available': '1%',
    'nodefs.inodesFree': '1%',
  },
  evictionPressureTransitionPeriod: '5s',
  nodeStatusUpdateFrequency: '2s',
  nodeLeaseDurationSeconds: 5,
  shutdownGracePeriod: '20s',
  shutdownGracePeriodCriticalPods: '5s',
});
