import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
let scratch: string;
/** The package as npm would install it, with its runtime dependencies and nothing else. */
let installed: string;

beforeAll(async () => {
  scratch = await realpath(await mkdtemp(join(tmpdir(), 'relaunch-package-')));
  await execa(process.execPath, ['scripts/build.ts'], { cwd: root });
  await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', scratch], { cwd: root });
  const tarball = (await readdir(scratch)).find((file) => file.endsWith('.tgz')) ?? '';
  installed = join(scratch, 'node_modules/relaunch');
  await mkdir(installed, { recursive: true });
  await execa('tar', ['-xzf', join(scratch, tarball), '--strip-components=1', '-C', installed]);
  const { dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    await mkdir(dirname(join(scratch, 'node_modules', name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(scratch, 'node_modules', name));
  }
}, 180_000);

afterAll(() => rm(scratch, { recursive: true, force: true }));

test('the packed command shows its help', async () => {
  const { stdout } = await execa(process.execPath, [join(installed, 'dist/scripts/relaunch.js'), '--help'], {
    cwd: scratch,
  });
  expect(stdout).toContain('Usage: relaunch');
});

test.each(['agent', 'control', 'dev', 'launch'])('the packed command knows %s', async (command) => {
  const { stdout } = await execa(process.execPath, [join(installed, 'dist/scripts/relaunch.js'), command, '--help'], {
    cwd: scratch,
  });
  expect(stdout).toContain(`Usage: relaunch ${command}`);
});

test('a program in TypeScript can use the packed client, with its types', async () => {
  const program = join(scratch, 'program.mts');
  await writeFile(
    program,
    "import { submit, type Run } from 'relaunch';\nconst run: Run | undefined = undefined;\nconsole.log(typeof submit, run);\n",
  );
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck', '--target', 'es2024'];
  await execa(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...flags,
      '--typeRoots',
      join(root, 'node_modules/@types'),
      '--types',
      'node',
      program,
    ],
    { cwd: scratch },
  );
  const { stdout } = await execa(process.execPath, [program], { cwd: scratch });
  expect(stdout).toBe('function undefined');
});

test('the packed workflows and their payload converter can be bundled', async () => {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(installed, 'dist/workflows/index.js'),
    payloadConverterPath: join(installed, 'dist/workflows/payload-converter.cjs'),
  });
  expect(code).toContain('launch');
});

test('files beside the code are packed, sources and tests are not', async () => {
  const files = await readdir(installed, { recursive: true });
  expect(files).toContain('dist/activities/backends/process/wrapper.sh');
  expect(files).toContain('LICENSE');
  expect(
    files.filter((file) => /(?<!\.d)\.ts$|^dist\/(test|examples|scripts\/(build|quickstart|testbed))/.test(file)),
  ).toEqual([]);
});
