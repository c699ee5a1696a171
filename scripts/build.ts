/** Compiles what the package ships to dist/: the typed client, the command, and the files beside the code that are not TypeScript. What it is given more, tsc is given. */
import { chmod, cp, glob, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

await rm(dist, { recursive: true, force: true });
const more = process.argv.slice(2);
await execa('tsc', ['-p', 'tsconfig.build.json', ...more], {
  cwd: root,
  preferLocal: true,
  localDir: root,
  stdio: 'inherit',
});
for await (const file of glob('{activities,store,workers,workflows}/**/*.sh', { cwd: root })) {
  await mkdir(dirname(join(dist, file)), { recursive: true });
  await cp(join(root, file), join(dist, file));
}
await chmod(join(dist, 'scripts/relaunch.js'), 0o755);
