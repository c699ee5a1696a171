import { z } from 'zod';
import { refused } from './refused.ts';

const text = z.union([z.string(), z.array(z.string()).transform((lines) => lines.join(''))]);

/** @see https://nbformat.readthedocs.io/en/latest/format_description.html */
const notebook = z.object({
  nbformat: z.literal(4),
  metadata: z.object({ language_info: z.object({ name: z.string() }).optional() }).optional(),
  cells: z.array(z.object({ cell_type: z.string(), source: text })),
});

/** A magic of a cell that only measures or hides what the rest of it does. */
const harmless = /^%%(time|timeit|capture|prun)\b/;

/**
 * A notebook as the Python script that its code cells make. Neither Jupyter nor IPython is needed to run it, so nothing is installed for
 * it. Lines of IPython's own (`!pip install`, `%matplotlib inline`) become `pass`, as do cells in other languages (`%%bash`).
 * @throws RelaunchError LaunchRejected where it is no notebook of version 4 in Python
 */
export function scriptOf(path: string, content: string): { script: string; dropped: string[] } {
  const parsed = notebook.safeParse(jsonOf(content));
  if (!parsed.success)
    throw refused(`${path} is no Jupyter notebook of version 4: save it again with a current Jupyter`);
  const { metadata, cells } = parsed.data;
  const language = metadata?.language_info?.name ?? 'python';
  if (language !== 'python') throw refused(`${path} is a notebook in ${language.slice(0, 40)}: only Python's are run`);
  const dropped: string[] = [];
  const parts = cells.filter(({ cell_type }) => cell_type === 'code').map(({ source }) => codeOf(source, dropped));
  return { script: `${parts.join('\n\n')}\n`, dropped };
}

function codeOf(source: string, dropped: string[]): string {
  const lines = source.split(/\r\n|\r|\n/);
  const first = lines.find((line) => line.trim() !== '') ?? '';
  const isForeign = /^%%[A-Za-z]/.test(first) && !harmless.test(first);
  return lines
    .map((line) => {
      const isOurs = isForeign ? line.trim() === '' : !/^\s*(!|%{1,2}[A-Za-z])/.test(line);
      if (isOurs) return line;
      dropped.push(line.trim());
      return `${isForeign ? '' : (/^\s*/.exec(line)?.[0] ?? '')}pass  # ${line.trim()}`;
    })
    .join('\n');
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
