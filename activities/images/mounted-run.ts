import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Plan } from '../../contracts/plan.ts';
import type { Attempt } from '../backends/backend.ts';
import { entriesAt, treeEntries, withFiles, type TreeEntry } from './context-entries.ts';
import { contextTar } from './context-tar.ts';
import { imagePlan, type ImagePlan } from './image-plan.ts';
import { codeDirectory } from './mounted-source.ts';
import { refused } from './refused.ts';
import { sourceDirectory } from './source-directory.ts';

/** Code that runs on an image that is not made of it. */
export interface MountedRun extends Pick<Mounted, 'baseImage' | 'workingDir' | 'command' | 'warnings'> {
  /** What is to be at the root of the code, read from where it is unpacked. */
  tree: readonly TreeEntry[];
  /** What is to be at {@link mountedVolume}: any user of the image may change it. Once. */
  archive(): Readable;
}

type Mounted = Extract<ImagePlan, { kind: 'mounted' }>;

/**
 * Works with what an attempt's code is to be mounted as, while that is unpacked here. @throws RelaunchError LaunchRejected where it cannot
 * be mounted, in one sentence; what the work throws
 */
export async function withMountedRun<T>(
  { plan, workplace, unpackSource }: Pick<Attempt, 'plan' | 'workplace' | 'unpackSource'>,
  work: (run: MountedRun) => Promise<T>,
): Promise<T> {
  await mkdir(workplace, { recursive: true });
  const place = await mkdtemp(join(workplace, 'submit-'));
  try {
    const source = join(place, 'source');
    await mkdir(source);
    await unpackSource(source);
    return await work(await mountedRun(source, plan));
  } finally {
    await rm(place, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function mountedRun(source: string, plan: Plan): Promise<MountedRun> {
  const { baseImage, context, workingDir, command, files, warnings } = mountedPlan(source, plan);
  const tree = withFiles(await treeEntries(join(source, context)), files);
  const entries = [{ path: codeDirectory, kind: 'directory' as const }, ...entriesAt(codeDirectory, tree)];
  return {
    ...{ baseImage, workingDir, command, warnings, tree },
    archive: () => contextTar(entries, { mtime: new Date(), isOpen: true }),
  };
}

function mountedPlan(source: string, { mounted, entrypoint }: Plan): Mounted {
  if (mounted === undefined) throw refused('its source is not to be mounted');
  const { spec, by } = mounted;
  const made = imagePlan({
    source: { files: sourceDirectory(source) },
    entrypoint,
    overrides: spec,
    job: { runtime: spec.builder.runtime },
    acceleratorImage: spec.builder.acceleratorImage,
    builder: { ...by, type: 'none', baseImage: spec.builder.baseImage ?? by.baseImage },
  });
  if (made.kind !== 'mounted') throw refused('its source needs an image to be built');
  return made;
}
