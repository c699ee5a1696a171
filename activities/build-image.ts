import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Built } from '../contracts/activities.ts';
import { imageRecord } from '../contracts/records.ts';
import type { Plan } from '../contracts/plan.ts';
import { builderTaskQueue, buildTaskQueue } from '../contracts/task-queues.ts';
import { unpackArchive } from '../store/archive.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord, writeOnce, writeRecord } from '../store/records.ts';
import { withHeartbeat } from './border.ts';
import { withBuildLog } from './build-log.ts';
import type { BuilderDependencies } from './dependencies.ts';
import type { BuildSink } from './images/engine/image-engine.ts';
import { byDigest, tagOf, type KeyedImage } from './images/keyed-image.ts';
import { prepareBuild, type PreparedBuild } from './images/prepared-build.ts';
import { parseImageName } from './images/registry/image-name.ts';
import { ownPlan, refused } from './own-attempt.ts';

/** Makes the image of the calling workflow's source, unless its registry, or this host, has what the same content made before. */
export function buildImage(needs: BuilderDependencies): Promise<Built> {
  return withHeartbeat(async (signal) => {
    const { plan, run, taskQueue } = await ownPlan(needs);
    if (taskQueue !== buildTaskQueue(plan.queue)) throw refused(`run ${run} is built on ${buildTaskQueue(plan.queue)}`);
    const there = await readRecord(needs.store, keyOf.image(run), imageRecord);
    if (there !== undefined) return { image: there.image };
    return withBuildLog(needs.store, run, (sink) => build(needs, plan, sink, signal));
  });
}

async function build(needs: BuilderDependencies, plan: Plan, sink: BuildSink, signal: AbortSignal): Promise<Built> {
  const { store, agent, builder } = needs;
  const workplace = await mkdtemp(join(builder.workplace, 'build-'));
  const cleanUp = (): Promise<void> => rm(workplace, { recursive: true, force: true, maxRetries: 3 });
  // Of a build that others may have joined, it is theirs to clean up as well.
  const place = { isMine: true };
  try {
    const prepared = await prepare(needs, plan, join(workplace, 'source'), signal);
    const { repository, key, entrypoint } = prepared;
    for (const warning of prepared.warnings) await say(sink, `warning: ${warning}`);
    const inRegistry = (): Promise<string | undefined> => pinned(needs, prepared, signal);
    const work = async (all: BuildSink, stopped: AbortSignal): Promise<void> => {
      place.isMine = false;
      try {
        await make(needs, prepared, all, stopped);
      } finally {
        await cleanUp();
      }
    };
    const image = await inRegistry();
    if (image === undefined && !(await builder.engine.has(tagOf(prepared), signal))) {
      await builder.builds.join(key, work, sink, signal);
      await needs.reached('build:after-build');
    }
    const now = image ?? (await inRegistry());
    if (now !== undefined) {
      await say(sink, `${now} is there: nothing to build`);
      return { image: (await writeOnce(store, keyOf.image(plan.run), { image: now, entrypoint }, imageRecord)).image };
    }
    await writeRecord(store, keyOf.built(plan.run), { repository, key, entrypoint });
    await needs.reached('build:after-record');
    return { push: builderTaskQueue(agent) };
  } finally {
    if (place.isMine) await cleanUp();
  }
}

async function prepare(
  { store, builder }: BuilderDependencies,
  plan: Plan,
  directory: string,
  signal: AbortSignal,
): Promise<PreparedBuild> {
  if (plan.build === undefined || !('code' in plan.source)) throw refused(`run ${plan.run} needs no image`);
  await unpackArchive(store, plan.source.code.digest, directory);
  return prepareBuild({ directory, plan, build: plan.build }, builder.settings, builder.registry, signal);
}

/** Under a lease, so that no other host makes the same at the same time. */
async function make(
  needs: BuilderDependencies,
  prepared: PreparedBuild,
  sink: BuildSink,
  signal: AbortSignal,
): Promise<void> {
  const { key, request } = prepared;
  const { leases, engine } = needs.builder;
  const isThere = async (): Promise<boolean> => (await pinned(needs, prepared, signal)) !== undefined;
  const waits = (host: string): Promise<void> => say(sink, `${host} makes this image: waiting for it`);
  if (!(await leases.take(key, isThere, waits, signal))) return;
  try {
    await engine.build(request(), sink, signal);
  } catch (error) {
    await leases.drop(key);
    throw error;
  }
  leases.made(key);
}

/** Its name by digest; undefined where its registry does not have it. */
async function pinned(
  { builder }: BuilderDependencies,
  image: KeyedImage,
  signal: AbortSignal,
): Promise<string | undefined> {
  const digest = await builder.registry.digestOf(parseImageName(tagOf(image)), signal);
  return digest === undefined ? undefined : byDigest(image, digest);
}

const say = (sink: BuildSink, m: string): Promise<void> => sink.line({ t: new Date().toISOString(), m });
