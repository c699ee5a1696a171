import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { DockerEngine } from '../../../activities/images/engine/docker-engine.ts';
import type { BuildRequest } from '../../../activities/images/engine/image-engine.ts';
import type { DockerTestbed } from './up.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

type Where = Pick<DockerTestbed, 'dockerHost' | 'registry' | 'images'>;

/** The image of deploy/agent, of this repository, in the open registry: built and pushed as our builder does it. Answers its name, with its digest. */
export async function agentImage(testbed: Where, signal: AbortSignal): Promise<string> {
  const [base] = await Promise.all([
    nodeImage(testbed, signal),
    // Whoever uses a testbed has the types checked elsewhere.
    execa(process.execPath, [join(root, 'scripts/build.ts'), '--noCheck'], { cwd: root }),
  ]);
  const request = { context: await contextOf(), dockerfile: 'deploy/agent/Dockerfile' };
  return build(testbed, { ...request, buildArgs: { NODE_IMAGE: base, MODULES: 'given' } }, signal);
}

/** An image that does the same, and is another one. */
export function nextImage(testbed: Where, image: string, signal: AbortSignal): Promise<string> {
  return buildOf(testbed, `FROM ${image}\nLABEL relaunch.test/next=${randomUUID()}\n`, () => Promise.resolve(), signal);
}

/** This machine's Node and git, what these and our modules are linked with, and a shell: as much of an image of Node as an agent needs. */
function nodeImage(testbed: Where, signal: AbortSignal): Promise<string> {
  const dockerfile = `FROM ${testbed.images.busybox}\nCOPY root /\nENV PATH=/usr/bin:/bin\nCMD ["node"]\n`;
  const fill = async (directory: string): Promise<void> => {
    const { stdout: gitPrograms } = await execa('git', ['--exec-path']);
    const [git, remote] = ['git', 'git-remote-https'].map((name) => join(gitPrograms, name)) as [string, string];
    const { stdout: linked } = await execa('ldd', [process.execPath, git, remote, nativeModule]);
    const libraries = new Set([...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path));
    for (const path of [...libraries, remote]) await put(path, join(directory, 'root', path));
    await put(git, join(directory, 'root/usr/bin/git'));
    await put(process.execPath, join(directory, 'root/usr/bin/node'));
  };
  return buildOf(testbed, dockerfile, fill, signal);
}

/** An image of a Dockerfile and what `fill` puts beside it. */
async function buildOf(
  testbed: Where,
  dockerfile: string,
  fill: (directory: string) => Promise<void>,
  signal: AbortSignal,
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'relaunch-image-'));
  try {
    await writeFile(join(directory, 'Dockerfile'), dockerfile);
    await fill(directory);
    return await build(testbed, { context: tar('-C', directory, '-cf', '-', '.'), dockerfile: 'Dockerfile' }, signal);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function build(
  { dockerHost, registry }: Where,
  request: Omit<BuildRequest, 'tag'>,
  signal: AbortSignal,
): Promise<string> {
  const engine = new DockerEngine({ address: dockerHost, credentials: () => Promise.resolve(undefined) });
  const repository = `${registry.open.host}/agent-${randomUUID().slice(0, 8)}`;
  const tag = `${repository}:1`;
  const sink = { line: () => Promise.resolve() };
  await engine.build({ ...request, tag }, sink, signal);
  const { digest } = await engine.push(tag, sink, signal);
  await engine.remove(tag, signal);
  return `${repository}@${digest}`;
}

const [arch, otherArch] = process.arch === 'x64' ? ['x86_64', 'aarch64'] : ['aarch64', 'x86_64'];
const releases = 'node_modules/@temporalio/core-bridge/releases';
const nativeModule = join(root, releases, `${arch}-unknown-linux-gnu`, 'index.node');

async function put(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { dereference: true });
}

/** For other platforms, or for people. */
const excluded = [
  `${releases}/${otherArch}-*`,
  `${releases}/*-apple-*`,
  `${releases}/*-windows-*`,
  '*.d.ts',
  '*/@kubernetes/*.map',
];

/** What the Dockerfile takes, with the modules that are not only for development. */
async function contextOf(): Promise<Readable> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const modules = Object.entries(lock.packages)
    .filter(([path, { dev = false }]) => !dev && path.lastIndexOf('node_modules/') === 0)
    .map(([path]) => path)
    // Those for other platforms are not.
    .filter((path) => existsSync(join(root, path)));
  const wanted = ['package.json', 'package-lock.json', 'dist', 'deploy/agent', ...modules];
  return tar('-C', root, ...excluded.map((pattern) => `--exclude=${pattern}`), '-cf', '-', ...wanted);
}

/** What nobody reads yet when tar has ended, Node would throw away. */
const tar = (...args: string[]): Readable =>
  spawn('tar', args, { stdio: ['ignore', 'pipe', 'inherit'] }).stdout.pipe(new PassThrough());
