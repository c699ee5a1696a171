import type { Readable } from 'node:stream';

/** Makes and pushes images on one engine, which keeps what it made until it is removed. */
export interface ImageEngine {
  /** Proves that the engine can be reached and is new enough. @throws RelaunchError BuilderUnavailable */
  check(signal: AbortSignal): Promise<void>;
  /**
   * Makes an image. Rejects with the signal's reason, once aborted, and then nothing of the build runs any more.
   * @throws RelaunchError BuildFailed where the Dockerfile or what it runs is at fault, with step, exit code and last lines;
   * RegistryDenied and RegistryUnavailable for base images; BuilderUnavailable
   */
  build(request: BuildRequest, sink: BuildSink, signal: AbortSignal): Promise<{ imageId: string }>;
  /** Pushes an image under its own name; what the registry has is not sent again. @throws RelaunchError RegistryDenied, RegistryUnavailable, BuilderUnavailable */
  push(image: string, sink: BuildSink, signal: AbortSignal): Promise<{ digest: string }>;
  /** Whether the engine has an image of that name or id. @throws RelaunchError BuilderUnavailable */
  has(image: string, signal: AbortSignal): Promise<boolean>;
  /** The tags that the engine has in a repository, those whose image was tagged last first. @throws RelaunchError BuilderUnavailable */
  list(repository: string, signal: AbortSignal): Promise<string[]>;
  /** Takes a name, and the image with its last one, from the engine. One that is not there, or that a container uses, is left. @throws RelaunchError BuilderUnavailable */
  remove(image: string, signal: AbortSignal): Promise<void>;
}

export interface BuildRequest {
  /** A tar, not compressed; read once, and destroyed in any case. What it throws is thrown. */
  context: Readable;
  /** Path in the context. */
  dockerfile: string;
  /** The image's name, with its tag. */
  tag: string;
  /** `linux/amd64`; default the engine's own. */
  platform?: string;
  buildArgs?: Readonly<Record<string, string>>;
  /** For `--mount=type=secret`, by id. They are in no layer, history or log. */
  secrets?: Readonly<Record<string, string | Buffer>>;
  /** Base images are those that registries have under their names now. Default: those that the engine has, where it has any. */
  pullsBases?: boolean;
  /** Images whose inlined cache may be taken. */
  cacheFrom?: readonly string[];
  /** Of what RUN steps see: `host`, `none`. Default: the engine's. */
  networkMode?: string;
  /** What else is in no line and no message. */
  mask?: readonly string[];
}

/** Takes what a build or a push says, in order; the next line is told when it has this one. */
export interface BuildSink {
  line(line: BuildLine): Promise<void>;
}

export interface BuildLine {
  /** When it was heard. */
  t: string;
  /** The step that it is about, as the builder names it: `[2/5] RUN pip install -r requirements.txt`. */
  step?: string;
  /** As `docker build --progress plain` writes it. */
  m: string;
}
