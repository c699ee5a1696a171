import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { makeCgroups } from '../cgroups.ts';
import { pidOf, start } from '../part.ts';
import { unavailable } from '../unavailable.ts';
import { waitFor } from '../wait-for.ts';
import { engineAnswers, engineOfMachine } from './ping.ts';
import type { Place } from './place.ts';
import type { Programs } from './programs.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The Engine to use, as DOCKER_HOST names it: the one that is given, one of ours, this machine's unless it must be `own`, or a new one of ours. @throws RelaunchError */
export async function bringEngine(place: Place, programs: Programs, env: Env, own: boolean): Promise<string> {
  const given = env['RELAUNCH_TEST_DOCKER_HOST'];
  if (given) {
    if (await engineAnswers(given)) return given;
    throw unavailable(
      `the Docker Engine of RELAUNCH_TEST_DOCKER_HOST (${given}) does not answer. Correct or unset it.`,
    );
  }
  const found = own || existsSync(place.engineDir) ? undefined : await engineOfMachine(env);
  if (found !== undefined) return found;
  await startContainerd(place, programs);
  await startDockerd(place, programs);
  return hostOf(place);
}

export const hostOf = ({ dockerSocket }: Place): string => `unix://${dockerSocket}`;

/** Of its own: only so do containers outlive a killed Engine that then starts again at once. */
async function startContainerd(place: Place, { env }: Programs): Promise<void> {
  const config = join(place.engineDir, 'containerd.toml');
  await mkdir(place.engineDir, { recursive: true });
  await mkdir(place.runDir, { recursive: true, mode: 0o700 });
  await makeCgroups(place.cgroup, 'containers');
  await writeFile(config, containerdConfigOf(place));
  await start(place, { name: 'containerd', command: ['containerd', '--config', config], env, confined: true });
  await waitFor(place, 'containerd', 30_000, async () => {
    await execa('ctr', ['--address', place.containerdSocket, 'version'], { env });
  });
}

async function startDockerd(place: Place, { env }: Programs): Promise<void> {
  const config = join(place.engineDir, 'daemon.json');
  const settings = settingsOf(place);
  await writeFile(config, JSON.stringify(settings));
  // A killed one leaves it, and its number may be somebody else's now.
  if ((await pidOf(place, 'dockerd')) === undefined) await rm(settings.pidfile, { force: true });
  await start(place, { name: 'dockerd', command: ['dockerd', '--config-file', config], env, confined: true });
  await waitFor(place, 'dockerd', 60_000, async () =>
    (await engineAnswers(hostOf(place))) ? undefined : 'it does not answer',
  );
}

const containerdConfigOf = ({ engineDir, runDir, containerdSocket }: Place): string => `version = 2
root = ${JSON.stringify(join(engineDir, 'containerd'))}
state = ${JSON.stringify(join(runDir, 'containerd'))}
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = ${JSON.stringify(containerdSocket)}
[plugins."io.containerd.internal.v1.opt"]
  path = ${JSON.stringify(join(engineDir, 'opt'))}
`;

/** Without a bridge and rules of iptables, it changes nothing of this machine's network: containers have the machine's, or none. */
const settingsOf = (place: Place) => ({
  hosts: [hostOf(place)],
  containerd: place.containerdSocket,
  'data-root': join(place.engineDir, 'docker'),
  'exec-root': join(place.runDir, 'exec'),
  'deprecated-key-path': join(place.engineDir, 'key.json'),
  pidfile: join(place.runDir, 'dockerd.pid'),
  'cgroup-parent': `/${place.cgroup}/containers`,
  'live-restore': true,
  bridge: 'none',
  iptables: false,
  ip6tables: false,
  'ip-forward': false,
});
