import { frozenRequirements } from './frozen-requirements.ts';
import { pyprojectDependencies } from './pyproject.ts';
import { requirementFiles, type RequirementFiles } from './requirement-files.ts';
import type { SourceFiles } from './source-files.ts';
import { withoutCredentials } from '../../contracts/url-credentials.ts';

/** What pip is to install for a source. */
export interface PythonDependencies {
  /** Requirement files by path, without credentials; the one to be installed is {@link rootFile}. Empty: nothing is installed. */
  files: Record<string, string>;
  /** Those of them that have credentials, with them. */
  secret: Record<string, string>;
  /** Files of the source itself that have credentials, without them. */
  masked: Record<string, string>;
  /** Requirements that need the code, such as `-e .`, a line each. */
  local: string[];
  /** Credentials. */
  mask: string[];
  warnings: string[];
}

export const rootFile = 'requirements.txt';

/** What installs requirements that need the code, from a directory beside that of {@link PythonDependencies.files}. */
export const localFile = ({ local }: PythonDependencies): Record<string, string> =>
  local.length === 0 ? {} : { [rootFile]: [`-r ../requirements/${rootFile}`, ...local, ''].join('\n') };

const pyprojectFile = 'pyproject.toml';
const frozenFile = 'requirements.frozen.txt';

/**
 * What a Python source needs: `requirements.txt`, else `[project].dependencies` of `pyproject.toml`, else `requirements.frozen.txt`, all
 * at its root. @throws RelaunchError LaunchRejected where they cannot be read
 */
export function pythonDependencies(source: SourceFiles): PythonDependencies {
  const { files, local, warnings } = declared(source);
  const texts = Object.entries(files).map(([path, text]) => ({ path, text, ...credentialsOf(text) }));
  const secret = texts.filter(({ text, clean }) => clean !== text);
  const own = [...Object.keys(files), pyprojectFile, frozenFile].map((path) => {
    const text = source.read(path) ?? '';
    return { path, text, ...credentialsOf(text) };
  });
  return {
    files: Object.fromEntries(texts.map(({ path, clean }) => [path, clean])),
    secret: Object.fromEntries(secret.map(({ path, text }) => [path, text])),
    masked: Object.fromEntries(own.filter(({ text, clean }) => clean !== text).map(({ path, clean }) => [path, clean])),
    local,
    mask: [...new Set([...texts, ...own].flatMap(({ mask }) => mask))],
    warnings,
  };
}

function credentialsOf(text: string): { clean: string; mask: string[] } {
  const { text: clean, mask } = withoutCredentials(text);
  return { clean, mask };
}

function declared(source: SourceFiles): RequirementFiles {
  if (source.read(rootFile) !== undefined) return requirementFiles(source, rootFile);
  const toml = source.read(pyprojectFile);
  const { dependencies, warnings } = toml === undefined ? nothing : pyprojectDependencies(toml);
  if (dependencies !== undefined) {
    return { files: { [rootFile]: dependencies.map((each) => `${each}\n`).join('') }, local: [], warnings };
  }
  const text = source.read(frozenFile);
  if (text !== undefined) {
    const frozen = frozenRequirements(frozenFile, text);
    return { files: { [rootFile]: frozen.text }, local: [], warnings: [...warnings, ...frozen.warnings] };
  }
  const none = `there is no ${rootFile}, no [project].dependencies in ${pyprojectFile} and no ${frozenFile}: Python alone is installed`;
  return { files: {}, local: [], warnings: [...warnings, none] };
}

const nothing = { dependencies: undefined, warnings: [] };
