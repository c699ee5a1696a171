import { refused } from './refused.ts';
import type { SourceFiles } from './source-files.ts';

/** W&B's, where nothing names one. */
export const defaultPythonVersion = '3.12';

/** The base image of Python sources, unless the builder's settings name another. */
const defaultPythonImage = 'python:{version}-slim';

/** Files that say which Python a source wants, the first one wins. */
const versionFiles = ['runtime.txt', '.python-version'];

/**
 * The version of Python, as `3.N`: that of the job (`--runtime`), else of `runtime.txt`, else of `.python-version`, else
 * {@link defaultPythonVersion}. @throws RelaunchError LaunchRejected where one says something else than 3.N or 3.N.M
 */
export function pythonVersion(files: SourceFiles, runtime?: string): string {
  if (runtime !== undefined) return versionIn('runtime', runtime);
  for (const file of versionFiles) {
    const line = files.read(file)?.split('\n').map((each) => each.replace(/#.*/, '').trim()).find((each) => each !== ''); // prettier-ignore
    if (line !== undefined) return versionIn(file, line);
  }
  return defaultPythonVersion;
}

function versionIn(where: string, written: string): string {
  const [, version] = /^(?:c?python-?)?(3\.\d{1,2})(?:\.\d{1,3})?$/i.exec(written.trim()) ?? [];
  if (version !== undefined) return version;
  throw refused(`${where} is ${JSON.stringify(written.slice(0, 80))}: a version of Python such as 3.11`);
}

/** The base image of a version; `image` is the builder's setting, with `{version}` where the version goes. */
export const pythonImage = (version: string, image = defaultPythonImage): string =>
  image.replaceAll('{version}', version);
