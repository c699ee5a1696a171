import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { answers } from '../dev/ports.ts';
import type { Kind, Place } from './place.ts';
import { unavailable } from './unavailable.ts';

const record = z.object({ basePort: z.number().int() });
const recordName = 'testbed.json';

/** The testbed whose state a directory holds; undefined where there is none. */
export async function readPlace<P extends Place>(kind: Kind<P>, stateDir: string): Promise<P | undefined> {
  try {
    const { basePort } = record.parse(JSON.parse(await readFile(join(stateDir, recordName), 'utf8')));
    return kind.placeOf(stateDir, basePort);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unavailable(`${join(stateDir, recordName)} cannot be read as the record of a testbed`, error);
  }
}

/** Makes a directory a testbed's, so that only such a one is ever removed. Does nothing to one that is. @throws RelaunchError where somebody else's things are in the way */
export async function claimPlace<P extends Place>(
  kind: Kind<P>,
  stateDir: string,
  basePort: number | undefined,
): Promise<P> {
  const there = await readPlace(kind, stateDir);
  if (there !== undefined) {
    if (basePort === undefined || basePort === there.basePort) return there;
    throw unavailable(
      `the testbed in ${there.stateDir} has the base port ${String(there.basePort)}, not ${String(basePort)}. Choose another directory with --state, or end this one before.`,
    );
  }
  const place = kind.placeOf(stateDir, basePort ?? kind.defaultBasePort);
  if ((await readdir(place.stateDir).catch(() => [])).length > 0)
    throw unavailable(`${place.stateDir} is neither empty nor a testbed's. Choose another directory with --state.`);
  for (const port of Object.values(place.ports)) {
    if (await answers(port))
      throw unavailable(`port ${String(port)} of 127.0.0.1 is taken. Choose other ones with --base-port.`);
  }
  await mkdir(place.stateDir, { recursive: true, mode: 0o700 });
  await writeFile(join(place.stateDir, recordName), `${JSON.stringify({ basePort: place.basePort })}\n`);
  return place;
}

/** Removes the directory of a testbed that has ended: the record last, by which it is known to be one. */
export async function removePlace({ stateDir }: Place): Promise<void> {
  for (const name of await readdir(stateDir))
    if (name !== recordName) await rm(join(stateDir, name), { recursive: true, force: true });
  await rm(stateDir, { recursive: true, force: true });
}
