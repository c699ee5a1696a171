import { imageName } from '../../contracts/source.ts';
import { generatedDockerfile, type Recipe } from './generated-dockerfile.ts';
import type { Build, ImageRequest } from './image-request.ts';
import { installing, mountedSource, type MountedSource } from './mounted-source.ts';
import { dockerfileBeside, namedDockerfile, type OwnDockerfile } from './own-dockerfile.ts';
import { commandOf, projectOf, type Project } from './project.ts';
import { pythonDependencies } from './python-dependencies.ts';
import { pythonImage, pythonVersion } from './python-version.ts';
import { refused } from './refused.ts';

/** How a source becomes something that runs in a container. */
export type ImagePlan =
  /** There is an image already. */
  | { kind: 'prebuilt'; image: string }
  /** The user's Dockerfile. */
  | OwnDockerfile
  /** One of ours. */
  | (Build & { kind: 'generated'; recipe: Recipe })
  /** Nothing is built: the directory `context` of the source is mounted on a base image. */
  | ({ kind: 'mounted'; baseImage: string; context: string } & MountedSource);

/**
 * Decides how a source gets its image. For code, what is named first wins over what follows: the launch's `dockerfile` or `baseImage`,
 * the job's, `Dockerfile.relaunch` or `Dockerfile.wandb` beside the entry point, a generated one; where nothing can be built, the source
 * is mounted. @throws RelaunchError LaunchRejected in one sentence: what is named is not there, leads out of the source, or cannot be built
 */
export function imagePlan(request: ImageRequest): ImagePlan {
  const { source, overrides, job = {}, builder } = request;
  if ('image' in source) return { kind: 'prebuilt', image: source.image };
  if (overrides.dockerfile !== undefined && overrides.baseImage !== undefined) {
    throw refused(
      'dockerfile and baseImage are both given: an image is built by the one and not by the other; choose one',
    );
  }
  const project = projectOf(source.files, request);
  for (const { dockerfile, baseImage } of [overrides, job]) {
    if (dockerfile !== undefined) return namedDockerfile(project, request, dockerfile);
    if (baseImage !== undefined) return mountedOn(project, request, baseImage);
  }
  const beside = dockerfileBeside(project, request);
  if (beside !== undefined) return beside;
  return builder.type === 'none' ? unbuilt(project, request) : generated(project, request);
}

/** On the image that its user chose: it is as it has to be. */
function mountedOn(project: Project, request: ImageRequest, baseImage: string): ImagePlan {
  const { words, files, warnings } = commandOf(project, request.entrypoint);
  return {
    kind: 'mounted',
    baseImage: checked(baseImage),
    context: project.context,
    ...mountedSource(words, project.workingDir, files),
    warnings: [
      ...warnings,
      ...(request.acceleratorImage === undefined ? [] : ['the base image for accelerators is not used: baseImage is']),
      ...(request.job?.runtime === undefined ? [] : ['runtime is not used: baseImage has its own']),
    ],
  };
}

/** On the image that the agent has for all. */
function unbuilt(project: Project, { entrypoint, acceleratorImage, builder, job }: ImageRequest): ImagePlan {
  if (acceleratorImage !== undefined) {
    const way = 'give that agent `builder: {type: docker}`, or launch with a baseImage';
    const what = 'a base image for accelerators needs an image to be built';
    throw refused(`${what}, and the agent of this queue builds none; ${way}`);
  }
  const { words, files, warnings } = commandOf(project, entrypoint);
  const mounted = mountedSource(words, project.workingDir, files);
  const installed = installing(mounted, pythonDependencies(project.files), builder);
  const version = pythonVersion(project.files, job?.runtime);
  return {
    kind: 'mounted',
    baseImage: checked(builder.baseImage ?? pythonImage(version, builder.pythonImage)),
    context: project.context,
    ...installed,
    warnings: [...warnings, ...installed.warnings],
  };
}

function generated(project: Project, { entrypoint, acceleratorImage, builder, job }: ImageRequest): ImagePlan {
  const { words, files, warnings } = commandOf(project, entrypoint);
  const image = {
    version: pythonVersion(project.files, job?.runtime),
    acceleratorImage,
    dependencies: pythonDependencies(project.files),
    entrypoint: words,
    workingDir: project.workingDir,
    files,
  };
  const recipe = generatedDockerfile(image, builder);
  return {
    kind: 'generated',
    context: project.context,
    recipe,
    entrypoint: words,
    mask: recipe.mask,
    warnings: [...warnings, ...recipe.warnings],
  };
}

function checked(image: string): string {
  if (imageName.safeParse(image).success) return image;
  throw refused(`baseImage is ${JSON.stringify(image.slice(0, 100))}: a name such as registry.example/base:v1`);
}
