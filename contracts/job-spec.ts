import { z } from 'zod';
import { gitSource } from './git-source.ts';
import { canonicalJson, sha256Hex } from './hash.ts';
import { imageFields, imageSpec } from './image-spec.ts';
import { inputIssues, inputSchema } from './input-schema.ts';
import { patchedPath } from './job-inputs.ts';
import { jobWord, latest, mostVersion, versionIn } from './job-reference.ts';
import { command, contradictions, plainText } from './launch-spec.ts';
import { codeSource, imageName, isOne, splitImage } from './source.ts';

const sourceRule = 'exactly one of code: {dir}, git: {url} and image: NAME';

/** What a job is made of: a source, and what its launches are unless they say otherwise. The content of a version. */
export const jobSpec = z
  .strictObject({
    source: z
      .strictObject(
        { code: codeSource.optional(), git: gitSource.optional(), image: imageName.optional() },
        `a source: ${sourceRule}`,
      )
      .refine(isOne, sourceRule),
    ...imageSpec.shape,
    /** Empty: the image's own, or that of the Dockerfile. */
    entrypoint: command.default([]),
    /** Over it comes the launch's, map by map. */
    runConfig: z.record(z.string(), z.json(), 'a map').default({}),
    /** What a launch's configuration may be, together with that of the job. */
    inputs: inputSchema.optional(),
    /** What a launch's patches of files may be, by their paths. Of other files they may be anything. */
    fileInputs: z.record(patchedPath, inputSchema, 'a map of schemas by files').optional(),
    /** W&B's: kept for whoever asks. Nothing is started for them. */
    services: z.record(z.string().min(1, 'a name'), z.enum(['always', 'never'], 'always or never')).default({}),
  })
  .check((context) => {
    const refuse = (path: PropertyKey[], input: unknown, message: string) =>
      context.issues.push({ code: 'custom', path, input, message });
    const job = context.value;
    for (const { path, message } of contradictions(job)) refuse([path], job[path], message);
    if (job.source.image !== undefined) {
      const given = imageFields.filter((field) => job[field] !== undefined && canonicalJson(job[field]) !== '{}');
      for (const field of given) refuse([field], job[field], 'not of an image, which is made already');
    } else if (job.entrypoint.some((word) => word.split('/').includes('..'))) {
      refuse(['entrypoint'], job.entrypoint, 'paths within the source: without ".."');
    }
    const wrong = job.inputs === undefined ? [] : inputIssues(job.inputs, job.runConfig, { isWhole: false });
    for (const { path, rule } of wrong) refuse(path.split('.'), job.runConfig, rule);
  });
export type JobSpecInput = z.input<typeof jobSpec>;
export type JobSpec = z.output<typeof jobSpec>;

/** `jobs/<project>/<name>/v<N>.json`. Submitters write it: hostile to agents, who check it whenever they read it. */
export const jobRecord = z
  .strictObject({
    job: jobSpec,
    description: plainText(1_000).optional(),
    /** Who made it: a claim, not proof. */
    by: plainText(128).optional(),
    createdAt: z.iso.datetime('a date'),
  })
  .check(({ value: { job }, issues }) => {
    const { code, git } = job.source;
    const lacks = [
      ...(code === undefined || code.digest !== undefined ? [] : [['code', 'digest']]),
      ...(git === undefined || git.commit !== undefined ? [] : [['git', 'commit']]),
    ];
    const message = 'found by `relaunch job create`';
    for (const path of lacks)
      issues.push({ code: 'custom', path: ['job', 'source', ...path], input: undefined, message });
  });
export type JobRecord = z.output<typeof jobRecord>;

/** `jobs/<project>/<name>/v<N>.deleted.json`: the version is nobody's any more. The first one holds. */
export const jobTombstone = z.object({
  /** Who deleted it: a claim, not proof. */
  by: plainText(128).optional(),
  deletedAt: z.iso.datetime(),
});
export type JobTombstone = z.output<typeof jobTombstone>;

/** A name for a version, which may be moved to another one. `latest` moves by itself. */
export const jobAlias = jobWord.refine(
  (alias) => alias !== latest && versionIn(alias) === undefined,
  `no alias of yours: ${latest} follows the newest version, and v<N> is one`,
);

/** `jobs/<project>/<name>/aliases.json`: the version that each leads to. */
export const jobAliases = z.record(jobAlias, z.int().min(0).max(mostVersion));
export type JobAliases = z.output<typeof jobAliases>;

/** Tells whether two versions are the same: where the code lay, and what its commit was called, does not matter. */
export function contentDigest({ source, ...rest }: JobSpec): string {
  const { code, git, image } = source;
  const { dir: _, ...packed } = code ?? {};
  const { ref: __, ...commit } = git ?? {};
  return sha256Hex(canonicalJson({ ...rest, source: { ...packed, ...commit, image } }));
}

/** The name of a job that was given none, as W&B makes it: `job-<image>`, `job-code-<directory>`, `job-<repository>_<script>`. */
export function defaultJobName({ source, entrypoint }: JobSpec): string {
  const name = `job-${nameIn(source, entrypoint)}`.replace(/[^A-Za-z0-9_.-]/g, '_');
  return name.length <= 128 ? name : `${name.slice(0, 63)}..${name.slice(-63)}`;
}

function nameIn({ code, git, image }: JobSpec['source'], entrypoint: readonly string[]): string {
  if (image !== undefined) return splitImage(image).repository;
  if (git === undefined) return `code-${directoryName(code?.dir ?? '')}`;
  const script = entrypoint.find((word) => /\.(py|sh|ipynb)$/.test(word)) ?? entrypoint[0];
  return [git.url, ...(script === undefined ? [] : [script])].join('_');
}

const directoryName = (dir: string): string => dir.split(/[/\\]/).findLast((part) => part !== '') ?? '';
