import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

export interface SelfSigned {
  /** Both in PEM. */
  key: string;
  cert: string;
  /** Path of the certificate. */
  certificate: string;
}

/** A certificate that nobody knows, with its key, in a directory. `altName`: for whom, such as `DNS:registry.example` or `IP:127.0.0.1`. */
export async function selfSigned(directory: string, altName: string): Promise<SelfSigned> {
  const [key, certificate] = [join(directory, 'server.key'), join(directory, 'server.crt')];
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=of a test', '-addext', `subjectAltName=${altName}`];
  await execa('openssl', ['req', '-x509', ...algorithm, ...names, '-days', '2', '-keyout', key, '-out', certificate]);
  return { key: await readFile(key, 'utf8'), cert: await readFile(certificate, 'utf8'), certificate };
}
