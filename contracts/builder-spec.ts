import { z } from 'zod';
import { imageName, repositoryName } from './source.ts';

/** How the code of Python gets its environment. */
const python = {
  /** A package index in place of pip's own. */
  indexUrl: z.url('a URL').optional(),
  extraIndexUrls: z.array(z.url('a URL')).default([]),
  /** Path of certificates in PEM that pip is to trust, from where the file is. */
  caBundle: z.string().min(1, 'a path').optional(),
  /** The base of what is generated, with `{version}` where that of Python goes. Default: `python:{version}-slim`. */
  pythonImage: z.string().min(1, 'the name of an image').optional(),
};

/** What makes images, with the BuildKit of a Docker Engine. */
const docker = {
  /** The repository that images go to: `registry.example/team/runs`. Their tags are digests of all that went in. */
  destination: repositoryName,
  /** `linux/amd64`. Default: the engine's own. */
  platform: z
    .string()
    .regex(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/, 'such as linux/amd64')
    .optional(),
  /** Of what RUN steps see. Default: the engine's own. */
  network: z.enum(['host', 'none'], 'host or none').optional(),
  buildArgs: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name'), z.string()).default({}),
  /** Images whose layers may be used. */
  cacheFrom: z.array(imageName).default([]),
  /** Builds at a time. */
  maxBuilds: z.int().min(1, '1 to 100').max(100, '1 to 100').default(2),
};

/** What runs code without images of it. */
const none = {
  /** What code is mounted on, for all versions of Python, unless its queue says otherwise. Default: as `pythonImage` says. */
  baseImage: imageName.optional(),
};

/** Keys of one type that stand under another, each an issue of its own. */
const refused = <K extends string>(keys: Readonly<Record<K, unknown>>, rule: string) =>
  Object.fromEntries(Object.keys(keys).map((key) => [key, z.never(rule).optional()])) as Record<
    K,
    z.ZodOptional<z.ZodNever>
  >;

const hasCredentials = (url: string): boolean => /[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(url);

const openIndexes =
  'not with credentials in indexUrl or extraIndexUrls: jobs would see them; name that index in requirements.txt, or use type docker';

/** How an agent gets its queues' code into containers: it makes images of it (`docker`), or it mounts it on images that are there (`none`). */
export const builderSpec = z.discriminatedUnion(
  'type',
  [
    z.strictObject({
      type: z
        .literal('docker')
        .optional()
        .transform(() => 'docker' as const),
      ...python,
      ...docker,
      ...refused(none, 'only with type: none; what is generated is based on pythonImage'),
    }),
    z
      .strictObject({
        type: z.literal('none'),
        ...python,
        ...none,
        ...refused(docker, 'not with type: none, which makes no images'),
      })
      .check(({ value, issues }) => {
        const urls = [...(value.indexUrl === undefined ? [] : [value.indexUrl]), ...value.extraIndexUrls];
        // At this path: the others would show the credentials.
        if (urls.some(hasCredentials))
          issues.push({ code: 'custom', input: value.type, path: ['type'], message: openIndexes });
      }),
  ],
  'docker or none',
);
export type BuilderSpec = z.output<typeof builderSpec>;
