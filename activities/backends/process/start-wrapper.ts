import { spawn, type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { RelaunchError } from '../../../contracts/failures.ts';
import { errorCode } from './files.ts';
import type { AttemptFiles } from './layout.ts';

const wrapper = fileURLToPath(new URL('wrapper.sh', import.meta.url));

/**
 * Starts wrapper.sh in a session and process group of its own, without us: it goes on when this process ends.
 * @throws RelaunchError AttemptRefused where the system takes no command like this; BackendUnavailable where it cannot start one now.
 */
export async function startWrapper(
  shell: string,
  files: AttemptFiles,
  command: readonly string[],
  env: Record<string, string>,
): Promise<ChildProcess> {
  const stdout = await open(files.stdout, 'a', 0o600);
  const stderr = await open(files.stderr, 'a', 0o600);
  try {
    return await spawned(() =>
      spawn(shell, [wrapper, files.directory, ...command], {
        cwd: files.source,
        env,
        detached: true,
        stdio: ['ignore', stdout.fd, stderr.fd],
      }),
    );
  } catch (error) {
    throw refusal(error, command);
  } finally {
    await stdout.close();
    await stderr.close();
  }
}

function spawned(start: () => ChildProcess): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = start();
    child.unref();
    child.once('error', reject);
    child.once('spawn', () => {
      resolve(child);
    });
  });
}

function refusal(cause: unknown, command: readonly string[]): unknown {
  const program = JSON.stringify(command[0]);
  if (errorCode(cause) === 'E2BIG') {
    const message = `the command and environment are too long for this system (${program}): move what is long into a file of the source`;
    return new RelaunchError('AttemptRefused', message, { cause });
  }
  if (errorCode(cause) === 'ERR_INVALID_ARG_VALUE') {
    const message = `the command or environment has a NUL character (${program}), which no program can take: remove it`;
    return new RelaunchError('AttemptRefused', message, { cause });
  }
  return cause;
}
