import { posix } from 'node:path';
import { withInterpreter } from './entry-script.ts';
import type { Build, ImageRequest } from './image-request.ts';
import { countedFrom, type Project } from './project.ts';
import { pythonDependencies } from './python-dependencies.ts';
import { refused } from './refused.ts';
import { fileNamed, innerPath, joined, type SourceFiles } from './source-files.ts';
import { withoutSyntax } from './without-syntax.ts';

/** A user's Dockerfile. */
export interface OwnDockerfile extends Build {
  kind: 'dockerfile';
  /** Its path within the context. */
  dockerfile: string;
  /** Its content, as the engine is to get it. */
  text: string;
}

/** What is looked for beside the entry point, the first one wins. */
const names = ['Dockerfile.relaunch', 'Dockerfile.wandb'];

/** The one that a launch or a job names. @throws RelaunchError LaunchRejected where it is not there */
export function namedDockerfile(project: Project, request: ImageRequest, written: string): OwnDockerfile {
  const { context, files } = project;
  const dockerfile = innerPath('dockerfile', written);
  const text = fileNamed(files, dockerfile, 'dockerfile', countedFrom(context));
  return ownDockerfile(files, request, { context, dockerfile, text, entrypoint: request.entrypoint });
}

/**
 * The one beside the script of the entry point, or where the command starts if that is a module or no file of the source. In a
 * subdirectory, that directory is the context and the script is named from there, unless there is a `buildContext`.
 */
export function dockerfileBeside(project: Project, request: ImageRequest): OwnDockerfile | undefined {
  const { context, files, script, workingDir } = project;
  const isFile = script?.isModule === false;
  const directory = isFile ? posix.dirname(script.path) : workingDir;
  const name = names.find((each) => files.kind(joined(directory, each)) !== undefined);
  if (name === undefined) return undefined;
  const path = joined(directory, name);
  const text = fileNamed(files, path, 'beside the entry point', countedFrom(context));
  const hasContext = (request.overrides.buildContext ?? request.job?.buildContext) !== undefined;
  const { entrypoint } = request;
  if (hasContext || directory === '.' || !isFile) {
    return ownDockerfile(files, request, { context, dockerfile: path, text, entrypoint });
  }
  const own = { dockerfile: name, text, entrypoint: entrypoint.with(script.index, posix.basename(script.path)) };
  return ownDockerfile(files, request, { ...own, context: directory });
}

function ownDockerfile(
  files: SourceFiles,
  { builder, acceleratorImage, overrides }: ImageRequest,
  own: Pick<OwnDockerfile, 'context' | 'dockerfile' | 'text'> & { entrypoint: readonly string[] },
): OwnDockerfile {
  const { dockerfile } = own;
  if (builder.type === 'none') {
    const way = 'give that agent `builder: {type: docker}`, or launch with a baseImage or a finished image (-d IMAGE)';
    throw refused(`${dockerfile} cannot be built: the agent of this queue builds no images; ${way}`);
  }
  return {
    kind: 'dockerfile',
    ...own,
    text: withoutSyntax(own.text),
    entrypoint: withInterpreter(own.entrypoint),
    mask: credentialsIn(files),
    warnings: [
      ...(acceleratorImage === undefined
        ? []
        : [`the base image for accelerators is not used: ${dockerfile} names its own`]),
      ...(overrides.workingDir === undefined ? [] : [`workingDir is not used: ${dockerfile} names its own`]),
    ],
  };
}

/** Those that a Dockerfile prints which installs the requirements. */
function credentialsIn(files: SourceFiles): string[] {
  try {
    return pythonDependencies(files).mask;
  } catch {
    return [];
  }
}
