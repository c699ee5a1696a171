import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { DockerEngine } from '../../activities/images/engine/docker-engine.ts';
import { writeImage } from '../../scripts/testbed/docker/image-files.ts';
import { pushImage } from '../../scripts/testbed/docker/push-image.ts';
import type { DockerTestbed } from '../../scripts/testbed/docker/up.ts';
import { never } from './backend-harness.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The image of deploy/agent, of this repository, in the open registry: built and pushed as our builder does it. Answers its name, with its digest. */
export async function agentImage({ dockerHost, registry }: DockerTestbed): Promise<string> {
  const [nodeImage] = await Promise.all([
    pushNode(registry.open.host),
    // Who runs the tests has the types checked elsewhere.
    execa(process.execPath, [join(root, 'scripts/build.ts'), '--noCheck'], { cwd: root }),
  ]);
  const engine = new DockerEngine({ address: dockerHost, credentials: () => Promise.resolve(undefined) });
  const repository = `${registry.open.host}/agent-${randomUUID().slice(0, 8)}`;
  const tag = `${repository}:1`;
  const sink = { line: () => Promise.resolve() };
  const request = { context: await contextOf(), dockerfile: 'deploy/agent/Dockerfile', tag };
  await engine.build({ ...request, buildArgs: { NODE_IMAGE: nodeImage, MODULES: 'given' } }, sink, never);
  const { digest } = await engine.push(tag, sink, never);
  await engine.remove(tag, never);
  return `${repository}@${digest}`;
}

/** This machine's Node, and the libraries that it and our modules are linked with: as much of an image of Node as a container needs. */
async function pushNode(registry: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'relaunch-node-image-'));
  try {
    const files = join(directory, 'root');
    const { stdout: linked } = await execa('ldd', [process.execPath, ...nativeModules]);
    const libraries = new Set([...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path));
    for (const path of libraries) await put(path, join(files, path));
    await put(process.execPath, join(files, 'usr/bin/node'));
    await writeImage(directory, files, { Env: ['PATH=/usr/bin'], Cmd: ['node'] });
    const hash = createHash('sha256').update(await readFile(join(directory, 'manifest.json')));
    const name = `base/node:${hash.digest('hex').slice(0, 12)}`;
    await pushImage(directory, registry, name);
    return `${registry}/${name}`;
  } finally {
    await rm(directory, { recursive: true });
  }
}

const [arch, otherArch] = process.arch === 'x64' ? ['x86_64', 'aarch64'] : ['aarch64', 'x86_64'];
const releases = 'node_modules/@temporalio/core-bridge/releases';
const nativeModules = [join(root, releases, `${arch}-unknown-linux-gnu`, 'index.node')];

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
  const without = excluded.map((pattern) => `--exclude=${pattern}`);
  return spawn('tar', ['-C', root, ...without, '-cf', '-', ...wanted], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout;
}
