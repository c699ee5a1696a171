import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { prepareBuild } from '../../activities/images/prepared-build.ts';
import { RegistryClient } from '../../activities/images/registry/registry-client.ts';
import { imageSpec } from '../../contracts/image-spec.ts';
import { never } from '../support/backend-harness.ts';
import { baseOf, entrypoint, type BuildSite } from './build-site.ts';

/** Builds and pushes with `docker` what an agent would send its engine of a source, by the Dockerfile that it would generate. In ms. */
export async function buildPlain(site: BuildSite, runtime: string, directory: string): Promise<number> {
  const { tag, args } = await prepare(site, runtime, directory);
  const since = performance.now();
  await site.cli('build', ...args);
  await site.cli('push', '--quiet', tag);
  return performance.now() - since;
}

/** Of a context. The rest stays on disk: `docker` sends again what has another size or time, and that alone. */
const changing = ['relaunch.dockerfile', 'requirements', 'src/requirements.txt', 'src/train.py'];

async function prepare(site: BuildSite, runtime: string, directory: string): Promise<{ tag: string; args: string[] }> {
  const { testbed, repository, cluster } = site.scene;
  const settings = {
    ...{ type: 'docker' as const, destination: `${testbed.registry.open.host}/${repository}-plain` },
    ...{ pythonImage: baseOf(site, '{version}'), indexUrl: testbed.index.urlWithCredentials },
    ...{ buildArgs: {}, cacheFrom: [], networkMode: 'host' },
  };
  const plan = { entity: 'bench', project: 'plain', entrypoint };
  const source = { directory, plan, build: imageSpec.parse({ builder: { runtime } }) };
  const prepared = await prepareBuild(source, settings, new RegistryClient(), never);
  const { context, dockerfile, tag, buildArgs = {}, secrets = {} } = prepared.request();
  const [contextAt, secretsAt] = [join(cluster.home, `context-${runtime}`), join(cluster.home, `secrets-${runtime}`)];
  await Promise.all([contextAt, secretsAt].map((each) => mkdir(each, { recursive: true })));
  for (const path of changing) await rm(join(contextAt, path), { recursive: true, force: true });
  await pipeline(context, extract({ cwd: contextAt, keep: true, noMtime: true }));
  for (const [id, content] of Object.entries(secrets)) await writeFile(join(secretsAt, id), content);
  const given = [
    ...Object.keys(secrets).map((id) => `--secret=id=${id},src=${join(secretsAt, id)}`),
    ...Object.entries(buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`),
  ];
  return {
    tag,
    args: ['--network=host', `--file=${join(contextAt, dockerfile)}`, `--tag=${tag}`, ...given, contextAt],
  };
}
