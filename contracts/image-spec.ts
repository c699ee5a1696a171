import { z } from 'zod';
import { imageName } from './source.ts';

/** A path within the source, with "/" between its parts. What it leads to is checked when the source is there. */
const innerPath = z
  .string()
  .min(1, 'a path within the source')
  .max(1_000, 'at most 1000 characters')
  // eslint-disable-next-line no-control-regex
  .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, 'no control characters')
  .refine(
    (path) => !path.startsWith('/') && !path.split('/').includes('..'),
    'a path within the source: relative, without ".."',
  );

/** A version of Python: `3.11`; what follows the second number is left out. */
const pythonVersion = z
  .string()
  .regex(/^(python-?)?3\.\d{1,2}(\.\d+)?$/, 'a version of Python such as 3.11')
  .transform((version) => /3\.\d+/.exec(version)?.[0] ?? version);

/** How a directory of code becomes an image; on a queue that runs code as it is, nothing of it is allowed. */
export const imageSpec = z.strictObject({
  /** From the root of the build's context. Default: `Dockerfile.relaunch` or `Dockerfile.wandb` beside the entry point, else a generated one. */
  dockerfile: innerPath.optional(),
  /** The directory that the build gets, and the root of all other paths. Default: the source. */
  buildContext: innerPath.optional(),
  /** Where the command starts, within the context. */
  workingDir: innerPath.optional(),
  builder: z
    .strictObject({
      /** Of what is generated; default: `runtime.txt`, `.python-version`, else 3.12. */
      runtime: pythonVersion.optional(),
      /** The base of what is generated: a Debian with CUDA, or what else an accelerator needs. Default: the queue's. */
      acceleratorImage: imageName.optional(),
    })
    .default({}),
});
/** Of base images that sources would be mounted on. */
export const notMounted = 'not yet: code runs in images that are built of it';

export type ImageSpec = z.output<typeof imageSpec>;

/** The names of its fields. */
export const imageFields = Object.keys(imageSpec.shape) as (keyof ImageSpec)[];
