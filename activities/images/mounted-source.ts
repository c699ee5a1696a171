import { joined } from './source-files.ts';
import { localFile, rootFile, type PythonDependencies } from './python-dependencies.ts';
import type { PythonSettings } from './python-settings.ts';

/** How a source runs that no image is made of: mounted on a base image. */
export interface MountedSource {
  /** Absolute. */
  workingDir: string;
  /** What runs in the container; its arguments follow. */
  command: string[];
  /** To be added to the source, by paths within it. */
  files: Record<string, string>;
  warnings: string[];
}

/** What is mounted in the container, and the directory of the source on it: what one may do at the root of a mount is not ours to say. */
export const mountedVolume = '/mnt/relaunch';
export const codeDirectory = 'code';

/** Where jobs find their code. */
export const codePath = `${mountedVolume}/${codeDirectory}`;

/** Of the source, for what we add. */
const ours = '.relaunch';
const environment = '/tmp/relaunch-env';
const writable = '/tmp/relaunch-code';
const writing = '.relaunch-writing';

/** Runs a command where the source is mounted. */
export const mountedSource = (
  entrypoint: readonly string[],
  workingDir: string,
  files: Record<string, string>,
): MountedSource => ({
  workingDir: joined(codePath, workingDir),
  command: [...entrypoint],
  files,
  warnings: [],
});

/**
 * Installs requirements first, into an environment of the container's own that sees what its image has; then the command takes the
 * shell's place. The agent's indexes are used, and seen by jobs: its file may have none with credentials (builderSpec).
 */
export function installing(
  source: MountedSource,
  dependencies: PythonDependencies,
  settings: PythonSettings,
): MountedSource {
  const { files, secret, local, mask, warnings } = dependencies;
  if (Object.keys(files).length === 0) return { ...source, warnings };
  const { caBundle } = settings;
  const masking = mask.length === 0 ? '' : `python3 ${codePath}/${ours}/${maskingFile} `;
  const pip = `${masking}${environment}/bin/pip install --no-input --disable-pip-version-check`;
  const root = local.length === 0 ? 'requirements' : 'local';
  const cert = caBundle === undefined ? [] : [`export PIP_CERT=${codePath}/${ours}/ca.pem`];
  const script = [
    // A shell that waits for a child in the background is ended by a signal at once, one that runs it only after it.
    "trap 'exit 143' TERM",
    'set -e',
    '{',
    `python3 -m venv --system-site-packages ${environment}`,
    ...[
      ...cert,
      ...indexes(settings),
      `cd ${codePath}`,
      // What is built of the code writes into it. That root may is all that `[ -w . ]` of some shells says.
      ...(local.length === 0
        ? []
        : [`{ mkdir ${writing} && rmdir ${writing}; } 2> /dev/null || { cp -R . ${writable}; cd ${writable}; }`]),
      `${pip} --requirement=${codePath}/${ours}/${root}/${rootFile}`,
    ],
    '} >&2 &',
    'wait $!',
    'trap - TERM',
    `PATH=${environment}/bin:$PATH exec "$@"`,
  ].join('\n');
  return {
    ...source,
    command: ['sh', '-c', script, 'relaunch', ...source.command],
    files: {
      ...source.files,
      ...below('requirements', { ...files, ...secret }),
      ...below('local', localFile(dependencies)),
      ...(caBundle === undefined ? {} : below('.', { 'ca.pem': caBundle })),
      ...(mask.length === 0 ? {} : below('.', { [maskingFile]: maskingProgram, [maskFile]: maskOf(mask) })),
    },
    warnings,
  };
}

const maskingFile = 'masking.py';
const maskFile = 'mask.json';

/** Runs the command of its arguments, and puts stars into what that writes. Only this log: what the job itself writes may have these words. */
const maskingProgram = `import json, os, subprocess, sys

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), '${maskFile}')) as file:
    mask = [each.encode() for each in json.load(file)]
with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as command:
    for line in command.stdout:
        for each in mask:
            line = line.replace(each, b'****')
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
sys.exit(command.returncode)
`;

const maskOf = (mask: readonly string[]): string =>
  JSON.stringify(mask.toSorted((a, b) => b.length - a.length).map((each) => each.toWellFormed()));

const below = (directory: string, texts: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([path, text]) => [joined(joined(ours, directory), path), text]));

const indexes = ({ indexUrl, extraIndexUrls = [] }: PythonSettings): string[] => [
  ...(indexUrl === undefined ? [] : [`export PIP_INDEX_URL=${quoted(indexUrl)}`]),
  ...(extraIndexUrls.length === 0 ? [] : [`export PIP_EXTRA_INDEX_URL=${quoted(extraIndexUrls.join(' '))}`]),
];

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
