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

/** How a directory of code runs as a container; on a queue that runs code as it is, nothing of it is allowed. */
export const imageSpec = z.strictObject({
  /** From the root of the build's context. Default: `Dockerfile.relaunch` or `Dockerfile.wandb` beside the entry point, else a generated one. */
  dockerfile: innerPath.optional(),
  /** Nothing is built and nothing installed: the code is mounted on this image. Excludes `dockerfile`. */
  baseImage: imageName.optional(),
  /** The directory that the build gets, or that is mounted, and the root of all other paths. Default: the source. */
  buildContext: innerPath.optional(),
  /** Where the command starts, within the context. */
  workingDir: innerPath.optional(),
  builder: z
    .strictObject({
      /** Of what is generated; default: `runtime.txt`, `.python-version`, else 3.12. */
      runtime: pythonVersion.optional(),
      /** The base of what is generated: a Debian with CUDA, or what else an accelerator needs. Default: the queue's. */
      acceleratorImage: imageName.optional(),
      /** Where the agents build nothing, what code is mounted on; its requirements are installed at each start. Default: the queue's, the agent's. */
      baseImage: imageName.optional(),
    })
    .default({}),
});
export type ImageSpec = z.output<typeof imageSpec>;

/** How an agent that makes no images runs code. Jobs see all of it. */
export const mounting = z.object({
  /** For all versions of Python. */
  baseImage: z.string().optional(),
  /** Where `{version}` stands for that of Python. */
  pythonImage: z.string().optional(),
  indexUrl: z.string().optional(),
  extraIndexUrls: z.array(z.string()).optional(),
  /** Certificates in PEM. */
  caBundle: z.string().optional(),
});
export type Mounting = z.output<typeof mounting>;

/** The names of its fields. */
export const imageFields = Object.keys(imageSpec.shape) as (keyof ImageSpec)[];
