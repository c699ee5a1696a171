import type { PythonSettings } from './python-settings.ts';
import type { SourceFiles } from './source-files.ts';

/** What of a launch or a job says how its image is made. */
export interface ImageWishes {
  /** From the root of the build's context. */
  dockerfile?: string | undefined;
  /** The directory of the source that is the build's context, and the root of all other paths. Default: the source. */
  buildContext?: string | undefined;
  /** An image to mount the source on: nothing is built, nothing installed. */
  baseImage?: string | undefined;
}

/** Everything that decides how a source gets its image. */
export interface ImageRequest {
  source: { image: string } | { files: SourceFiles };
  /** The command, before its arguments. */
  entrypoint: readonly string[];
  /** The launch's own. `workingDir`: where the command starts and from where its paths count, within the context. */
  overrides: ImageWishes & { workingDir?: string | undefined };
  /** `runtime`: its version of Python. */
  job?: (ImageWishes & { runtime?: string | undefined }) | undefined;
  /** Of the queue: the base image of what is generated. */
  acceleratorImage?: string | undefined;
  /** Of the agent. */
  builder: BuilderSettings;
}

export interface BuilderSettings extends PythonSettings {
  /** `none`: sources are mounted on `baseImage`, their requirements installed at each start. */
  type: 'docker' | 'none';
  /** For `none`. Default: the base image of Python sources, of the job's version. */
  baseImage?: string | undefined;
}

/** What all plans that build say. */
export interface Build {
  /** The directory of the source that the build gets; `.` is the source. */
  context: string;
  /** What runs in the container; its arguments follow. */
  entrypoint: string[];
  /** What must not be seen in the log. */
  mask: string[];
  /** For whoever submitted it. */
  warnings: string[];
}
