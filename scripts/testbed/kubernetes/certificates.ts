import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa, ExecaError } from 'execa';
import { kubeconfigText } from './kubeconfig.ts';
import { kubeconfigOf, type Place } from './place.ts';
import { unavailable } from '../unavailable.ts';

const days = '3650';
const ecKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const;

/** `<name>.crt` and `<name>.key` of ca, apiserver, kubelet and all clients, and the key pair `service-accounts`. */
export const pki = ({ stateDir }: Place, file: string): string => join(stateDir, 'pki', file);

interface Identity {
  name: string;
  subject: string;
  /** For those who serve. */
  names?: string;
}

const identitiesOf = ({ nodeName }: Place): Identity[] => [
  {
    name: 'apiserver',
    subject: '/CN=kube-apiserver',
    names: 'IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc',
  },
  { name: 'admin', subject: '/O=system:masters/CN=admin' },
  { name: 'controller-manager', subject: '/CN=system:kube-controller-manager' },
  { name: 'scheduler', subject: '/CN=system:kube-scheduler' },
  { name: 'apiserver-kubelet-client', subject: '/O=system:masters/CN=kube-apiserver-kubelet-client' },
  { name: 'kubelet', subject: `/O=system:nodes/CN=system:node:${nodeName}`, names: 'IP:127.0.0.1' },
];

/** Makes the authority of a testbed, a certificate for each of its parts, and the kubeconfigs of those who need one. All or nothing, once. */
export async function makeCertificates(place: Place): Promise<void> {
  if (existsSync(pki(place, '.'))) return;
  const incoming = join(place.stateDir, 'pki.incoming');
  await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming, { mode: 0o700 });
  try {
    await inDirectory(incoming, place);
  } catch (error) {
    const reason = error instanceof ExecaError ? error.shortMessage : String(error);
    throw unavailable(`certificates cannot be made, for which openssl must be on PATH: ${reason}`, error);
  }
  for (const user of ['admin', 'controller-manager', 'scheduler', 'kubelet']) {
    const text = kubeconfigText(place.ports.api, {
      authority: pki(place, 'ca.crt'),
      certificate: pki(place, `${user}.crt`),
      key: pki(place, `${user}.key`),
    });
    await writeFile(kubeconfigOf(place, user), text, { mode: 0o600 });
  }
  await rename(incoming, pki(place, '.'));
}

async function inDirectory(cwd: string, place: Place): Promise<void> {
  const openssl = (...args: string[]): Promise<unknown> => execa('openssl', args, { cwd, stdin: 'ignore' });
  const authority = ['-subj', '/CN=relaunch-testbed', '-days', days, '-keyout', 'ca.key', '-out', 'ca.crt'];
  await openssl('req', '-x509', ...ecKey, ...authority);
  const issue = async ({ name, subject, names }: Identity, serial: number): Promise<void> => {
    const extensions = ['keyUsage=digitalSignature', 'extendedKeyUsage=clientAuth,serverAuth'];
    if (names !== undefined) extensions.push(`subjectAltName=${names}`);
    await writeFile(join(cwd, `${name}.ext`), `${extensions.join('\n')}\n`);
    await openssl('req', ...ecKey, '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-set_serial', String(serial), '-days', days];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-extfile', `${name}.ext`, '-out', `${name}.crt`);
  };
  await Promise.all(identitiesOf(place).map((identity, index) => issue(identity, index + 2)));
  await openssl('genrsa', '-out', 'service-accounts.key', '2048');
  await openssl('rsa', '-in', 'service-accounts.key', '-pubout', '-out', 'service-accounts.pub');
}
