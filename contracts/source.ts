import { z } from 'zod';
import { gitSource, pinnedGit } from './git-source.ts';
import { jobReference, jobRule } from './job-reference.ts';

/** The digest of an archive: sha256 of the uncompressed tar, in hex. */
export const archiveDigest = z.string().regex(/^[0-9a-f]{64}$/, 'the sha256 of the uncompressed tar, 64 hex digits');

/** A directory of code. `dir` is where it was, for people; what runs is the archive that the client packed from it. */
export const codeSource = z.strictObject({ dir: z.string().optional(), digest: archiveDigest.optional() });

/** A container image that is there already: `registry.example/team/train:v3`, or by digest. @see https://github.com/distribution/reference */
export const imageName = z
  .string()
  .max(512, 'at most 512 characters')
  .regex(
    /^([a-zA-Z0-9][a-zA-Z0-9._-]*(:[0-9]+)?\/)?[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@sha256:[0-9a-f]{64})?$/,
    'a name such as registry.example/team/train:v3, or one with @sha256:<digest>',
  );

/** Where images are kept: the name of one without tag and digest. */
export const repositoryName = imageName.refine(
  (name) => !name.includes('@') && !/:[^/]*$/.test(name),
  'a repository such as registry.example/team/runs, without a tag',
);

/** An image's name without its tag and digest, and the tag. */
export function splitImage(image: string): { repository: string; tag: string | undefined } {
  const [name = ''] = image.split('@');
  const [, repository = name, tag] = /^(.*):([^/:]+)$/.exec(name) ?? [];
  return { repository, tag };
}

/** A job by its name. The rest is of a sweep's trials: what an agent has pinned for all of them. */
export const jobSource = z.strictObject({
  name: jobReference,
  /** Of what the version holds: with another content it is refused. */
  digest: z.string().optional(),
  /** The job's, by digest. */
  image: imageName.optional(),
});
export type JobSource = z.output<typeof jobSource>;

const rule = 'exactly one of code: {dir}, git: {url}, image: NAME and job: NAME';

/** Whether one is given, and no more. */
export const isOne = (given: object): boolean => Object.values(given).filter((one) => one !== undefined).length === 1;

/** What is to run: exactly one of them. */
export const source = z
  .strictObject(
    {
      code: codeSource.optional(),
      git: gitSource.optional(),
      image: imageName.optional(),
      job: z.union([jobReference.transform((name): JobSource => ({ name })), jobSource], jobRule).optional(),
    },
    { error: `a source: ${rule}` },
  )
  .refine(isOne, rule);
export type Source = z.input<typeof source>;

/** Under which of its keys it is given. */
export const givenAs = ({ code, git }: Source): 'code' | 'git' | 'image' =>
  code === undefined ? (git === undefined ? 'image' : 'git') : 'code';

/** A source as an agent has checked and pinned it. `git`: the commit that the code was. */
export const pinnedSource = z.union([
  z.object({ code: z.object({ digest: archiveDigest }), git: pinnedGit.optional() }),
  z.object({ image: z.string() }),
]);
export type PinnedSource = z.infer<typeof pinnedSource>;

/** Its word for people and for backends, which take some of them. A commit becomes code. */
export type SourceKind = 'code' | 'image';
