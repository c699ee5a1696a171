import { execa, ExecaError } from 'execa';
import { unavailable } from './unavailable.ts';

/** Runs `apt-get install ARGS`, a second time with fresh lists where it fails. @throws RelaunchError */
export async function aptInstall(names: readonly string[], ...options: readonly string[]): Promise<void> {
  const install = (): Promise<unknown> =>
    execa('apt-get', ['install', '-y', '--no-install-recommends', ...options, ...names], {
      stdin: 'ignore',
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
  try {
    await install().catch(async () => {
      await execa('apt-get', ['update'], { stdin: 'ignore' });
      await install();
    });
  } catch (error) {
    const reason = error instanceof ExecaError ? error.shortMessage : String(error);
    throw unavailable(`cannot install ${names.join(', ')}: ${reason}. Install what brings them here.`, error);
  }
}
