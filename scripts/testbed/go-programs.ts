import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa, ExecaError } from 'execa';
import { fillOnce } from './directory.ts';
import { timed, type Say } from './timed.ts';
import { unavailable } from './unavailable.ts';

/** What is built of the module of this name in `modules/`. */
export interface GoProgram {
  readonly name: string;
  readonly package: string;
  readonly ldflags: string;
}

interface GoBuild {
  programs: readonly GoProgram[];
  /** Other names of programs, that go by the name that they are called by. */
  aliases?: Readonly<Record<string, string>>;
  /** The first minor version of Go 1 that builds them. */
  oldestGo: number;
  /** What needs them: `the Kubernetes testbed`. */
  testbed: string;
  /** What it is told that has no Go. */
  wayOut: string;
  /** Said before a build that takes long. */
  warning?: string;
}

const modules = join(import.meta.dirname, 'modules');
const goEnvironment = { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };

/** Builds programs from their Go modules, once for what they are built from. Answers their directory. @throws RelaunchError */
export async function buildPrograms(cache: string, say: Say, build: GoBuild): Promise<string> {
  const directory = join(cache, `bin-${await inputsDigest(build.programs)}`);
  if (existsSync(directory)) return directory;
  await assertGo(build);
  if (build.warning !== undefined) say(build.warning);
  await timed(say, 'built all', () => fillOnce(directory, (incoming) => buildInto(incoming, say, build)));
  return directory;
}

async function buildInto(directory: string, say: Say, build: GoBuild): Promise<void> {
  const { programs, aliases = {}, testbed } = build;
  for (const { name, package: from, ldflags } of programs) {
    const args = ['build', '-trimpath', '-ldflags', ldflags, '-o', join(directory, name), from];
    try {
      await timed(say, `built ${name}`, () =>
        execa('go', args, { cwd: join(modules, name), env: goEnvironment, stdin: 'ignore' }),
      );
    } catch (error) {
      const reason = error instanceof ExecaError ? error.message : String(error);
      throw unavailable(`the programs of ${testbed} cannot be built: ${reason}`, error);
    }
  }
  for (const [alias, name] of Object.entries(aliases)) await symlink(name, join(directory, alias));
}

async function inputsDigest(programs: readonly GoProgram[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([programs, goEnvironment, process.arch]));
  for (const { name } of programs) {
    for (const file of (await readdir(join(modules, name))).sort())
      hash.update(`\0${name}/${file}\0`).update(await readFile(join(modules, name, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

async function assertGo({ oldestGo, testbed, wayOut }: GoBuild): Promise<void> {
  const { stdout } = await execa('go', ['env', 'GOVERSION'], { reject: false, env: { GOTOOLCHAIN: 'local' } });
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout) ?? [];
  if (major === '1' && Number(minor) >= oldestGo) return;
  const found = major === undefined ? 'there is none on PATH' : `the one on PATH is ${stdout.trim()}`;
  throw unavailable(`${testbed} is built with Go 1.${String(oldestGo)} or later, and ${found}. ${wayOut}`);
}
