import { parse } from 'smol-toml';
import { z } from 'zod';
import { refused } from './refused.ts';

const pyproject = z.object({
  project: z
    .object({ dependencies: z.array(z.string()).optional(), dynamic: z.array(z.string()).optional() })
    .optional(),
});

/**
 * `[project].dependencies` of a pyproject.toml. Undefined: it names none.
 * @see https://packaging.python.org/en/latest/specifications/pyproject-toml/
 * @throws RelaunchError LaunchRejected where it is no TOML, or a dependency is no single line of a requirement
 */
export function pyprojectDependencies(text: string): { dependencies: string[] | undefined; warnings: string[] } {
  const parsed = pyproject.safeParse(tomlOf(text));
  if (!parsed.success) throw refused('pyproject.toml: [project].dependencies is a list of texts');
  const { dependencies, dynamic = [] } = parsed.data.project ?? {};
  for (const each of dependencies ?? []) {
    if (/^\s*[A-Za-z0-9][^\r\n\0]*$/.test(each)) continue;
    throw refused(`pyproject.toml: ${JSON.stringify(each.slice(0, 100))} in [project].dependencies is no requirement`);
  }
  const isDynamic = dependencies === undefined && dynamic.includes('dependencies');
  const hint = 'pyproject.toml: its dependencies are dynamic, they are not read: name them in requirements.txt';
  return { dependencies, warnings: isDynamic ? [hint] : [] };
}

function tomlOf(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const [reason = ''] = error instanceof Error ? error.message.split('\n') : [];
    throw refused(`pyproject.toml cannot be read: ${reason.slice(0, 200)}`);
  }
}
