import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { start } from '../part.ts';
import { waitFor } from '../wait-for.ts';
import { credentials, htpasswd } from './credentials.ts';
import { imageNames, type ImageKey, type Images } from './images.ts';
import { loopback, type Place } from './place.ts';
import type { Programs } from './programs.ts';
import { pushImage } from './push-image.ts';

type RegistryName = 'open-registry' | 'private-registry';

/** Starts a registry for everybody, which holds the base images, and one for those who have the password. Both allow to delete. */
export async function startRegistries(place: Place, programs: Programs, images: Images): Promise<void> {
  const passwords = join(place.stateDir, 'htpasswd');
  await replaceFile(passwords, htpasswd);
  await mkdir(dockerConfigOf(place), { recursive: true });
  await replaceFile(join(dockerConfigOf(place), 'config.json'), dockerConfig(loopback(place.ports.privateRegistry)));
  const { openRegistry, privateRegistry } = place.ports;
  await Promise.all([
    startRegistry(place, programs, 'open-registry', openRegistry),
    startRegistry(place, programs, 'private-registry', privateRegistry, {
      auth: { htpasswd: { realm: 'relaunch', path: passwords } },
    }),
  ]);
  const pushed = join(storageOf(place, 'open-registry'), 'base-images');
  if (existsSync(pushed)) return;
  for (const key of Object.keys(images) as ImageKey[])
    await pushImage(images[key], loopback(openRegistry), imageNames[key]);
  await writeFile(pushed, '');
}

/** For DOCKER_CONFIG: who has it may use the private registry. */
export const dockerConfigOf = ({ stateDir }: Place): string => join(stateDir, 'docker-config');

function dockerConfig(host: string): string {
  const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return `${JSON.stringify({ auths: { [host]: { auth } } })}\n`;
}

/** Those who use a testbed that is up already never read half of it. */
async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

async function startRegistry(
  place: Place,
  { env }: Programs,
  name: RegistryName,
  port: number,
  more: object = {},
): Promise<void> {
  const config = join(place.stateDir, `${name}.yaml`);
  await mkdir(storageOf(place, name), { recursive: true });
  await writeFile(config, stringify({ ...configOf(storageOf(place, name), port), ...more }));
  await start(place, { name, command: ['docker-registry', 'serve', config], env });
  await waitFor(place, name, 30_000, async () => {
    const { status } = await fetch(`http://${loopback(port)}/v2/`);
    return status === 200 || status === 401 ? undefined : `it answers ${String(status)}`;
  });
}

const storageOf = ({ stateDir }: Place, name: RegistryName): string => join(stateDir, name);

/** Of each request, its log has a line. Uploads go on after a restart, for which the secret must stay. */
const configOf = (rootdirectory: string, port: number): object => ({
  version: '0.1',
  log: { level: 'warn', accesslog: { disabled: false } },
  storage: { filesystem: { rootdirectory }, delete: { enabled: true } },
  http: { addr: loopback(port), secret: 'relaunch' },
});
