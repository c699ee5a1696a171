import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa, ExecaError } from 'execa';
import { timed, type Say } from '../timed.ts';
import { unavailable } from '../unavailable.ts';

/** Paths of the programs. */
export interface Binaries {
  /** API server, controller manager, scheduler, kubelet and kubectl in one: 132 MB instead of 413. The first argument says which. */
  kubernetes: string;
  kubectl: string;
  etcd: string;
  kwok: string;
  coredns: string;
  pause: string;
}

const modules = join(import.meta.dirname, '..', 'modules');
const version = { git: 'v1.34.4', major: '1', minor: '34' };
/** The first that builds etcd. */
const oldestGo = { major: 1, minor: 25 };
const goEnvironment = { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };

const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((name) => [
  `-X ${name}.gitVersion=${version.git}`,
  `-X ${name}.gitMajor=${version.major}`,
  `-X ${name}.gitMinor=${version.minor}`,
  `-X ${name}.gitCommit=unknown`,
  `-X ${name}.gitTreeState=clean`,
  `-X ${name}.buildDate=2026-01-01T00:00:00Z`,
]);

const programs = [
  { name: 'kubernetes', package: '.', ldflags: ['-s', '-w', ...stamps].join(' ') },
  { name: 'etcd', package: 'go.etcd.io/etcd/server/v3', ldflags: '-s -w' },
  { name: 'kwok', package: 'sigs.k8s.io/kwok/cmd/kwok', ldflags: '-s -w' },
  { name: 'coredns', package: '.', ldflags: '-s -w' },
  { name: 'pause', package: '.', ldflags: '-s -w' },
] as const;

/** Builds the programs of a testbed from their Go modules, once for what they are built from. @throws RelaunchError */
export async function build(cache: string, say: Say): Promise<Binaries> {
  const directory = join(cache, `bin-${await inputsDigest()}`);
  if (!existsSync(directory)) {
    await assertGo();
    say('building Kubernetes, etcd, kwok and CoreDNS with Go, once: 10 to 20 minutes on two cores, and 6 GB of disk');
    await timed(say, 'built all', () => buildInto(cache, directory, say));
  }
  const path = (name: string): string => join(directory, name);
  return {
    kubernetes: path('kubernetes'),
    kubectl: path('kubectl'),
    etcd: path('etcd'),
    kwok: path('kwok'),
    coredns: path('coredns'),
    pause: path('pause'),
  };
}

async function buildInto(cache: string, directory: string, say: Say): Promise<void> {
  const prefix = '.building-';
  for (const left of (await readdir(cache)).filter((name) => name.startsWith(prefix)))
    await rm(join(cache, left), { recursive: true, force: true });
  const incoming = await mkdtemp(join(cache, prefix));
  try {
    for (const { name, package: from, ldflags } of programs) {
      const output = join(incoming, name);
      await timed(say, `built ${name}`, () =>
        execa('go', ['build', '-trimpath', '-ldflags', ldflags, '-o', output, from], {
          cwd: join(modules, name),
          env: goEnvironment,
          stdin: 'ignore',
        }),
      );
    }
    await symlink('kubernetes', join(incoming, 'kubectl'));
    await rename(incoming, directory);
  } catch (error) {
    const reason = error instanceof ExecaError ? error.message : String(error);
    throw unavailable(`the programs of the Kubernetes testbed cannot be built: ${reason}`, error);
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}

async function inputsDigest(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([programs, goEnvironment, process.arch]));
  for (const { name } of programs) {
    for (const file of (await readdir(join(modules, name))).sort())
      hash.update(`\0${name}/${file}\0`).update(await readFile(join(modules, name, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

async function assertGo(): Promise<void> {
  const wanted = `${String(oldestGo.major)}.${String(oldestGo.minor)}`;
  const { stdout } = await execa('go', ['env', 'GOVERSION'], { reject: false, env: { GOTOOLCHAIN: 'local' } });
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout) ?? [];
  if (Number(major) === oldestGo.major && Number(minor) >= oldestGo.minor) return;
  const found = major === undefined ? 'there is none on PATH' : `the one on PATH is ${stdout.trim()}`;
  throw unavailable(
    `the Kubernetes testbed is built with Go ${wanted} or later, and ${found}. Install it, or set RELAUNCH_TEST_KUBECONFIG to a cluster for tests.`,
  );
}
