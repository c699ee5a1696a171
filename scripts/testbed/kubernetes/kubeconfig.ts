import { stringify } from 'yaml';

/** Paths of files in PEM. */
export interface Credentials {
  authority: string;
  certificate: string;
  key: string;
}

/** A kubeconfig for an API server on this machine. */
export function kubeconfigText(apiPort: number, { authority, certificate, key }: Credentials): string {
  const name = 'relaunch-testbed';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name, cluster: { server: `https://127.0.0.1:${String(apiPort)}`, 'certificate-authority': authority } },
    ],
    users: [{ name, user: { 'client-certificate': certificate, 'client-key': key } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
