import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { splitWords } from '../../scripts/split-words.ts';
import { temporalCli } from '../../scripts/temporal-binaries.ts';
import { Cluster } from './cluster.ts';
import { documented } from './documented.ts';
import { temporalGate, type TemporalGate } from './temporal-gate.ts';

/** A Temporal that lets people in by certificate or API key, set up as docs/access.md says. */
export interface AccessScene {
  cluster: Cluster;
  gate: TemporalGate;
  /** The words of a block of docs/access.md that is one command of ours, with the places of the test. */
  command: (name: string) => string[];
  /** The environment of somebody by profile. */
  profile: (name: string) => Record<string, string>;
  /** The same, by variables and a certificate. */
  certificate: (name: string) => Record<string, string>;
}

export async function accessScene(storeUrl: string): Promise<AccessScene> {
  const cluster = await Cluster.start({}, { control: false, storeUrl });
  const { home } = cluster;
  const docs = await documented('access.md');
  const place = (text: string): string =>
    text.replaceAll('/home/ada/vision', home).replaceAll('/home/ada/digits', join(home, 'code'));
  const sh = (text: string, env: Record<string, string> = {}) => execa('sh', ['-ec', text], { cwd: home, env });
  const cli = await temporalCli();
  await Promise.all([
    sh(docs('certificates')).then(() => sh(certificateOf('server', 'subjectAltName=IP:127.0.0.1'))),
    sh(docs('namespace').replace(/^temporal/, cli), { TEMPORAL_ADDRESS: cluster.env['TEMPORAL_ADDRESS'] ?? '' }),
  ]);
  await sh(certificateOf('eve'));
  const pem = (name: string): Promise<string> => readFile(join(home, name), 'utf8');
  const tls = { key: await pem('server.key'), cert: await pem('server.pem'), ca: await pem('ca.pem') };
  const gate = await temporalGate(cluster.env['TEMPORAL_ADDRESS'] ?? '', tls);
  const config = join(home, 'temporal.toml');
  await writeFile(config, place(docs('profiles')).replaceAll('temporal.example:7233', gate.address));
  const { TEMPORAL_ADDRESS: _, ...rest } = cluster.env;
  return {
    cluster,
    gate,
    command: (name) => splitWords(place(docs(name)).trim()).slice(1),
    profile: (name) => ({ ...rest, TEMPORAL_CONFIG_FILE: config, TEMPORAL_PROFILE: name }),
    certificate: (name) => ({
      ...{ ...rest, TEMPORAL_ADDRESS: gate.address, TEMPORAL_NAMESPACE: 'vision' },
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(home, 'ca.pem'),
      TEMPORAL_TLS_CLIENT_CERT_PATH: join(home, `${name}.pem`),
      TEMPORAL_TLS_CLIENT_KEY_PATH: join(home, `${name}.key`),
    }),
  };
}

/** One more of the authority of the docs. */
const certificateOf = (name: string, extension = 'extendedKeyUsage=clientAuth'): string => `
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=${name} -addext ${extension} \
    -keyout ${name}.key -out ${name}.csr
  openssl x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copy -days 2 -out ${name}.pem`;
