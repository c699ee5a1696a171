import { imageName } from '../../contracts/source.ts';
import { aptPython } from './apt-python.ts';
import { pipConfig, type PythonSettings } from './python-settings.ts';
import { localFile, rootFile, type PythonDependencies } from './python-dependencies.ts';
import { pythonImage } from './python-version.ts';
import { refused } from './refused.ts';
import { withoutCredentials } from '../../contracts/url-credentials.ts';

/** What a builder needs to make an image that has no Dockerfile of its own. */
export interface Recipe {
  dockerfile: string;
  /** The directory of the build's context in which the source goes. */
  sourceAt: string;
  /** Of the build's context: to be added, or in place of what the source has there. No credentials. */
  files: Record<string, string>;
  /** For `--mount=type=secret`, by id. Neither in the image nor in its history; not part of its key. */
  secrets: Record<string, string>;
  /** What must not be seen in the log. */
  mask: string[];
  /** For whoever submitted it. */
  warnings: string[];
}

export interface PythonImage {
  /** `3.N` */
  version: string;
  /** A Debian-family image that is to be the base, with Python by apt. */
  acceleratorImage?: string | undefined;
  dependencies: PythonDependencies;
  /** The program and its arguments. */
  entrypoint: readonly string[];
  /** Within the source. */
  workingDir: string;
  /** Files to add to the source. */
  files: Record<string, string>;
}

/** Whom jobs run as: `relaunch`, in the group of root as W&B's images have it. */
const user = '1000:0';
const home = '/home/relaunch';
const sourceAt = 'src';
const requirementsAt = 'requirements';
const localAt = 'local';
/** Where the files of a build are that no layer keeps. */
const run = '/run/relaunch';
const ids = { pipConfig: 'relaunch-pip-config', ca: 'relaunch-ca', requirements: 'relaunch-requirements' };

/**
 * An image for Python sources. Its layers, in order: base, Python, virtual environment, requirements, code: a change of the code installs
 * nothing again. On an accelerator's image the environment sees what that image has for the same Python.
 * @throws RelaunchError LaunchRejected naming what cannot stand in a Dockerfile
 */
export function generatedDockerfile(image: PythonImage, settings: PythonSettings): Recipe {
  const { acceleratorImage, dependencies } = image;
  const version = checkedVersion(image.version);
  const base = baseOf(acceleratorImage ?? pythonImage(version, settings.pythonImage));
  const secrets = secretsOf(image, settings);
  const install = (file: string): string => pipInstall(file, image, secrets);
  const lines = [
    '# Made by relaunch',
    `FROM ${base}`,
    'USER root',
    ...(acceleratorImage === undefined
      ? ['RUN python3 -m venv /env']
      : [aptPython(version), `RUN python${version} -m venv --system-site-packages /env`]),
    ...(Object.keys(dependencies.files).length === 0 ? [] : [install(requirementsAt)]),
    `RUN grep -q '^[^:]*:[^:]*:1000:' /etc/passwd || echo 'relaunch:x:1000:0::${home}:/bin/sh' >> /etc/passwd; \\`,
    `    mkdir -p ${home}/${sourceAt} && chown ${user} ${home} ${home}/${sourceAt}`,
    `WORKDIR ${home}/${sourceAt}`,
    `COPY --chown=${user} ${sourceAt}/ ./`,
    ...(dependencies.local.length === 0 ? [] : [install(localAt)]),
    ...(image.workingDir === '.' ? [] : [`WORKDIR ${home}/${sourceAt}/${checkedDirectory(image.workingDir)}`]),
    `ENV HOME=${home} PATH=/env/bin:$PATH PYTHONUNBUFFERED=1`,
    `USER ${user}`,
    `ENTRYPOINT ${execForm(image.entrypoint)}`,
  ];
  return {
    dockerfile: `${lines.join('\n')}\n`,
    sourceAt,
    files: filesOf(image),
    secrets: Object.fromEntries(secrets.map(({ id, content }) => [id, content])),
    mask: maskOf(dependencies, settings),
    warnings: dependencies.warnings,
  };
}

interface Secret {
  id: string;
  target: string;
  content: string;
}

function secretsOf({ dependencies }: PythonImage, settings: PythonSettings): Secret[] {
  const { caBundle } = settings;
  const config = pipConfig(settings, `${run}/ca.pem`);
  return [
    ...(config === undefined ? [] : [{ id: ids.pipConfig, target: `${run}/pip.conf`, content: config }]),
    ...(caBundle === undefined ? [] : [{ id: ids.ca, target: `${run}/ca.pem`, content: caBundle }]),
    ...Object.entries(dependencies.secret).map(([path, content], index) => ({
      id: `${ids.requirements}-${String(index)}`,
      target: `${run}/${requirementsAt}/${checkedPath(path)}`,
      content,
    })),
  ];
}

/**
 * Installs the requirements of one directory; those that need the code refer to the others, for their indexes and constraints. Mounts are
 * made from the outer to the inner: a secret file takes the place of the one without credentials.
 */
function pipInstall(directory: string, { version }: PythonImage, secrets: readonly Secret[]): string {
  const mounts = [...new Set([requirementsAt, directory])].map(
    (each) => `type=bind,source=${each},target=${run}/${each}`,
  );
  const more = [
    ...secrets.map((secret) => `type=secret,id=${secret.id},target=${secret.target},required=true`),
    `type=cache,id=relaunch-pip-${version},target=${run}/cache`,
  ];
  const config = secrets.some(({ id }) => id === ids.pipConfig) ? `PIP_CONFIG_FILE=${run}/pip.conf ` : '';
  const pip = `${config}/env/bin/pip install --no-input --disable-pip-version-check`;
  return [
    ...[...mounts, ...more].map((mount, index) => `${index === 0 ? 'RUN' : '   '} --mount=${mount} \\`),
    `    ${pip} --cache-dir=${run}/cache --requirement=${run}/${directory}/${rootFile}`,
  ].join('\n');
}

function filesOf({ dependencies, files }: PythonImage): Record<string, string> {
  const below = (directory: string, texts: Record<string, string>) =>
    Object.entries(texts).map(([path, text]) => [`${directory}/${path}`, text] as const);
  return Object.fromEntries([
    ...below(sourceAt, { ...dependencies.masked, ...files }),
    ...below(requirementsAt, dependencies.files),
    ...below(localAt, localFile(dependencies)),
  ]);
}

function maskOf({ mask }: PythonDependencies, { indexUrl = '', extraIndexUrls = [] }: PythonSettings): string[] {
  return [...new Set([...mask, ...withoutCredentials([indexUrl, ...extraIndexUrls].join('\n')).mask])];
}

function baseOf(image: string): string {
  if (imageName.safeParse(image).success) return image;
  throw refused(`the base image is ${JSON.stringify(image.slice(0, 100))}: a name such as registry.example/base:v1`);
}

function checkedVersion(version: string): string {
  if (/^3\.\d{1,2}$/.test(version)) return version;
  throw refused(`the version of Python is ${JSON.stringify(version.slice(0, 20))}: one such as 3.11`);
}

function checkedPath(path: string): string {
  if (/^[\w.+/-]+$/.test(path)) return path;
  throw refused(`${JSON.stringify(path.slice(0, 100))} has credentials: its name may have letters and digits only`);
}

function checkedDirectory(path: string): string {
  if (/^[\p{L}\p{N}_.+/-]+$/u.test(path)) return path;
  throw refused(`workingDir is ${JSON.stringify(path.slice(0, 100))}: letters, digits and ". _ - +" only`);
}

/** The longest line that BuildKit reads, less what stands before. */
const longestLine = 65_000;

function execForm(words: readonly string[]): string {
  const json = JSON.stringify(words);
  if (words.length === 0) throw refused('entrypoint is empty: name a command and its arguments');
  if (words.some((word) => word.includes('\0'))) throw refused('entrypoint has a NUL character');
  if (Buffer.byteLength(json) <= longestLine) return json;
  throw refused(`entrypoint has more than ${String(longestLine)} bytes: hand them over in a file`);
}
