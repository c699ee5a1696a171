import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';
import type { Api } from './api.ts';
import type { Binaries } from './build.ts';
import { makeCgroups } from '../cgroups.ts';
import { startContainerd } from './containerd.ts';
import { startCoredns } from './coredns.ts';
import { saveHostSettings } from './host-settings.ts';
import { importImages } from './images.ts';
import { startKubelet } from './kubelet.ts';
import { startLogind, untilListening } from './logind.ts';
import type { Place } from './place.ts';
import { timed, type Say } from '../timed.ts';
import { unavailable } from '../unavailable.ts';

/** @throws RelaunchError where this machine cannot be a node of its own cluster */
export function assertCanBeNode(): void {
  const instead = 'or set RELAUNCH_TEST_KUBECONFIG to a cluster for tests';
  if (process.platform !== 'linux')
    throw unavailable(
      `the Kubernetes testbed runs on Linux, not on ${process.platform}: use such a machine, ${instead}.`,
    );
  if (process.getuid?.() !== 0)
    throw unavailable(
      `the Kubernetes testbed starts containers on this machine, for which it must be root: run it with sudo, ${instead}.`,
    );
}

/** Makes this machine a node with a container runtime of its own, and starts the DNS of its pods. */
export async function startRealNode(place: Place, binaries: Binaries, api: Api, say: Say): Promise<void> {
  await saveHostSettings();
  await mkdir(place.nodeDir, { recursive: true });
  await mkdir(place.runDir, { recursive: true, mode: 0o700 });
  await makeCgroups(place.cgroup, 'pods');
  await execa('ip', ['address', 'replace', `${place.nodeAddress}/32`, 'dev', 'lo']);
  await startCoredns(place, binaries);
  await startLogind(place);
  await startContainerd(place);
  await timed(say, 'images made and imported', () => importImages(place, binaries));
  await startKubelet(place, binaries, api);
  await untilListening(place);
}
