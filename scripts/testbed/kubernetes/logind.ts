import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pidOf, start } from '../part.ts';
import type { Place } from './place.ts';
import { python } from './python.ts';
import { unavailable } from '../unavailable.ts';
import { waitFor } from '../wait-for.ts';

const script = join(import.meta.dirname, 'logind.py');

/** There while the kubelet listens. */
const listeningOf = ({ stateDir }: Place): string => join(stateDir, 'logind.listening');

/** Starts a stand-in for logind on a bus of its own, by which the kubelet learns that its machine shuts down. A kubelet that does not find one looks for none later. */
export async function startLogind(place: Place): Promise<void> {
  if ((await pidOf(place, 'logind')) === undefined)
    for (const left of [place.busSocket, listeningOf(place)]) await rm(left, { force: true });
  await start(place, { name: 'logind', command: [python, '-I', script, place.busSocket, listeningOf(place)] });
  await untilThere(place, place.busSocket);
}

/** Resolves when the kubelet would hear of a shutdown. */
export const untilListening = (place: Place): Promise<void> => untilThere(place, listeningOf(place));

const untilThere = (place: Place, path: string): Promise<void> =>
  waitFor(place, 'logind', 30_000, async () => {
    await access(path);
  });

/** Tells the kubelet that its machine is about to shut down, or that it is not, after all. */
export async function announceShutdown(place: Place, active: boolean): Promise<void> {
  const pid = await pidOf(place, 'logind');
  if (pid === undefined) throw unavailable('the testbed has no logind that runs. Start it with `up`.');
  process.kill(pid, active ? 'SIGUSR1' : 'SIGUSR2');
}
