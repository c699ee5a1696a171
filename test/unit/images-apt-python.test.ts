import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { aptPython, sentenceIn } from '../../activities/images/apt-python.ts';

const root = await mkdtemp(join(tmpdir(), 'relaunch-apt-'));
afterAll(() => rm(root, { recursive: true, force: true }));

/** What the step says on an image that has these programs. */
async function said(programs: Record<string, string>): Promise<{ log: string; failed: boolean }> {
  const path = await mkdtemp(join(root, 'bin-'));
  for (const tool of ['grep', 'sort', 'tr', 'sed', 'rm', 'true']) await symlink(`/usr/bin/${tool}`, join(path, tool));
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(path, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(path, name), 0o755);
  }
  // The lists of the machine that tests are not an image's.
  const step = aptPython('3.11').replace(/^RUN /, '').replace('/var/lib/apt/lists', `${path}/lists`);
  const run = promisify(execFile)('/bin/sh', ['-c', step.replaceAll('\\\n', '')], { env: { PATH: path } });
  try {
    const { stdout, stderr } = await run;
    return { log: stdout + stderr, failed: false };
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return { log: stdout + stderr, failed: true };
  }
}

const sentenceOf = async (programs: Record<string, string>): Promise<string | undefined> => {
  const { log, failed } = await said(programs);
  expect(failed).toBe(true);
  return sentenceIn(log.split('\n'));
};

test('an image that is not of the Debian family', async () => {
  expect(await sentenceOf({})).toBe(
    'the accelerator base image has no apt-get: it has to be of the Debian family, such as Debian or Ubuntu',
  );
});

test('an image whose package index cannot be reached', async () => {
  expect(await sentenceOf({ 'apt-get': 'echo E: no route; exit 100' })).toBe(
    'apt-get update failed in the accelerator base image: relaunch logs --build RUN has its words',
  );
});

/** As it answers of a name that it has heard of, and of what it has. */
const cache = (names: string, shown: string): string =>
  `case $1 in pkgnames) printf '${names}';; *) printf '${shown}';; esac`;

test('an image whose apt has other versions of Python only', async () => {
  const programs = { 'apt-get': 'true', 'apt-cache': cache('python3.9\\npython3.10\\npython3.9-dev\\n', '') };
  expect(await sentenceOf(programs)).toBe(
    'apt of the accelerator base image has no python3.11, only: python3.9 python3.10; name one of them in runtime.txt, or choose another base image',
  );
});

test('an image whose apt has no Python', async () => {
  expect(await sentenceOf({ 'apt-get': 'true', 'apt-cache': cache('', '') })).toBe(
    'apt of the accelerator base image has no Python: relaunch logs --build RUN shows whether it got its lists of packages',
  );
});

test('an image that has it', async () => {
  const programs = { 'apt-get': 'echo apt-get "$@"', 'apt-cache': cache('', 'Package: python3.11\\n') };
  expect(await said(programs)).toEqual({
    log: 'apt-get update\napt-get install --yes --no-install-recommends python3.11 python3.11-venv\n',
    failed: false,
  });
});

test('what other steps print is no sentence of ours', () => {
  expect(sentenceIn(['[2/7] RUN echo "relaunch: no"', ' relaunch: no', 'pip: relaunch: no'])).toBeUndefined();
});
