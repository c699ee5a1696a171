import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Api } from './api.ts';
import type { Binaries } from './build.ts';
import { pki } from './certificates.ts';
import { start, type Part } from '../part.ts';
import { auditLogOf, kubeconfigOf, type Place } from './place.ts';
import { waitFor } from '../wait-for.ts';

/** etcd, API server, controller manager and scheduler, on loopback only. Resolves when a namespace can be worked in. */
export async function startControlPlane(place: Place, binaries: Binaries, api: Api): Promise<void> {
  await writeFile(auditPolicyOf(place), auditPolicy);
  await start(place, etcd(place, binaries));
  await start(place, apiserver(place, binaries));
  await waitFor(place, 'apiserver', 120_000, async () => {
    await api.get('/readyz');
  });
  await start(place, controllerManager(place, binaries));
  await start(place, scheduler(place, binaries));
  await waitFor(place, 'controller-manager', 60_000, async () => {
    await api.get('/api/v1/namespaces/default/serviceaccounts/default');
  });
}

const auditPolicyOf = ({ stateDir }: Place): string => join(stateDir, 'audit-policy.yaml');

const auditPolicy = stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
});

const url = (port: number): string => `http://127.0.0.1:${String(port)}`;

/** Nothing here must survive the machine: no fsync. */
const etcd = ({ stateDir, ports }: Place, binaries: Binaries): Part => ({
  name: 'etcd',
  command: [
    binaries.etcd,
    `--data-dir=${stateDir}/etcd`,
    `--listen-client-urls=${url(ports.etcd)}`,
    `--advertise-client-urls=${url(ports.etcd)}`,
    `--listen-peer-urls=${url(ports.etcdPeer)}`,
    `--initial-advertise-peer-urls=${url(ports.etcdPeer)}`,
    `--initial-cluster=default=${url(ports.etcdPeer)}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ],
});

/** Endpoints may not hold loopback addresses: hence no endpoint reconciler. Pods leave a lost node after 10 s instead of 5 min. */
const apiserver = (place: Place, { kubernetes }: Binaries): Part => ({
  name: 'apiserver',
  command: [
    kubernetes,
    'kube-apiserver',
    `--etcd-servers=${url(place.ports.etcd)}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${String(place.ports.api)}`,
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--client-ca-file=${pki(place, 'ca.crt')}`,
    `--tls-cert-file=${pki(place, 'apiserver.crt')}`,
    `--tls-private-key-file=${pki(place, 'apiserver.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${pki(place, 'service-accounts.pub')}`,
    `--service-account-signing-key-file=${pki(place, 'service-accounts.key')}`,
    `--kubelet-client-certificate=${pki(place, 'apiserver-kubelet-client.crt')}`,
    `--kubelet-client-key=${pki(place, 'apiserver-kubelet-client.key')}`,
    `--kubelet-certificate-authority=${pki(place, 'ca.crt')}`,
    '--kubelet-preferred-address-types=Hostname',
    '--default-unreachable-toleration-seconds=10',
    '--default-not-ready-toleration-seconds=10',
    `--audit-policy-file=${auditPolicyOf(place)}`,
    `--audit-log-path=${auditLogOf(place)}`,
  ],
});

const controllerManager = (place: Place, { kubernetes }: Binaries): Part => ({
  name: 'controller-manager',
  command: [
    kubernetes,
    'kube-controller-manager',
    ...asClient(place, 'controller-manager'),
    `--service-account-private-key-file=${pki(place, 'service-accounts.key')}`,
    `--root-ca-file=${pki(place, 'ca.crt')}`,
    '--use-service-account-credentials',
    '--node-monitor-period=1s',
    '--node-monitor-grace-period=10s',
    '--concurrent-job-syncs=50',
    `--flex-volume-plugin-dir=${place.stateDir}/volume-plugins`,
  ],
});

const scheduler = (place: Place, { kubernetes }: Binaries): Part => ({
  name: 'scheduler',
  command: [kubernetes, 'kube-scheduler', ...asClient(place, 'scheduler')],
});

/** What controller manager and scheduler have in common: they serve nobody, have no rival, and may ask a lot. */
function asClient(place: Place, user: string): string[] {
  const kubeconfig = kubeconfigOf(place, user);
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    '--secure-port=0',
    '--leader-elect=false',
    '--kube-api-qps=200',
    '--kube-api-burst=400',
  ];
}
