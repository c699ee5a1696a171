import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { execa, ExecaError } from 'execa';
import { fillOnce } from '../directory.ts';
import { start } from '../part.ts';
import { timed, type Say } from '../timed.ts';
import { unavailable } from '../unavailable.ts';
import { waitFor } from '../wait-for.ts';
import { loopback, type Place } from './place.ts';

/** Small ones, of Python alone, without dependencies. */
const packages = ['six==1.17.0', 'tabulate==0.9.0'];

/** Fetches packages of Python with this machine's pip, once. Answers their directory. @throws RelaunchError */
export async function bringWheels(cache: string, say: Say): Promise<string> {
  const directory = join(cache, `wheels-${packages.join('-').replaceAll('==', '-')}`);
  await fillOnce(directory, async (incoming) => {
    const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--dest', incoming, ...packages];
    try {
      await timed(say, 'packages of Python fetched', () => execa('python3', args, { stdin: 'ignore' }));
    } catch (error) {
      const reason = error instanceof ExecaError ? String(error.stderr).trim() || error.shortMessage : String(error);
      throw unavailable(`pip cannot fetch ${packages.join(', ')}, which the Docker testbed serves: ${reason}`, error);
    }
  });
  return directory;
}

/** Starts an index of Python packages for those who have the password. */
export async function startPackageIndex(place: Place, wheels: string): Promise<void> {
  await cp(wheels, place.wheelsDir, { recursive: true });
  const { packageIndex } = place.ports;
  const server = join(import.meta.dirname, 'index-server.ts');
  await start(place, {
    name: 'package-index',
    command: [process.execPath, server, String(packageIndex), place.wheelsDir],
  });
  await waitFor(place, 'package-index', 30_000, async () => {
    await fetch(`http://${loopback(packageIndex)}/simple/`);
  });
}
