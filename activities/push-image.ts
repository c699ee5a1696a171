import { builtRecord, imageRecord } from '../contracts/records.ts';
import { builderTaskQueue } from '../contracts/task-queues.ts';
import { keyOf } from '../store/layout.ts';
import { readRecord, writeOnce } from '../store/records.ts';
import { withHeartbeat } from './border.ts';
import { withBuildLog } from './build-log.ts';
import type { BuilderDependencies } from './dependencies.ts';
import type { BuildSink } from './images/engine/image-engine.ts';
import { removeOldImages } from './images/kept-images.ts';
import { byDigest, tagOf } from './images/keyed-image.ts';
import { parseImageName } from './images/registry/image-name.ts';
import { ownPlan, refused } from './own-attempt.ts';

/** Pushes what this host made for the calling workflow, unless its registry has it by now. */
export function pushImage(needs: BuilderDependencies): Promise<{ image?: string }> {
  return withHeartbeat(async (signal) => {
    const { store, builder, agent } = needs;
    const { run, taskQueue } = await ownPlan(needs);
    if (taskQueue !== builderTaskQueue(agent)) throw refused(`an image is pushed by the host that made it`);
    const there = await readRecord(store, keyOf.image(run), imageRecord);
    if (there !== undefined) return { image: there.image };
    const built = await readRecord(store, keyOf.built(run), builtRecord);
    if (built === undefined) return {};
    const tag = tagOf(built);
    if (!(await builder.engine.has(tag, signal))) return {};
    const push = async (all: BuildSink, stopped: AbortSignal): Promise<string> =>
      (await builder.registry.digestOf(parseImageName(tag), stopped)) ??
      (await builder.engine.push(tag, all, stopped)).digest;
    const digest = await withBuildLog(store, run, (sink) => builder.pushes.join(tag, push, sink, signal));
    await needs.reached('push:after-push');
    await builder.leases.drop(built.key);
    const image = { image: byDigest(built, digest), entrypoint: built.entrypoint };
    const record = await writeOnce(store, keyOf.image(run), image, imageRecord);
    await needs.reached('push:after-record');
    await removeOldImages(builder.engine, store, built.repository, signal);
    return { image: record.image };
  });
}
