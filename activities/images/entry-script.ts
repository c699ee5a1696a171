import { posix } from 'node:path';
import { joined, type SourceFiles } from './source-files.ts';

/** The word of an entry point that names the code that is run. */
export interface EntryScript {
  /** Which word it is. */
  index: number;
  /** What it names, from the root of the source. */
  path: string;
  /** `python -m pkg.mod`: the word is no path, and what it names is found from the working directory only. */
  isModule: boolean;
}

/**
 * What an entry point runs. In this order:
 * 1. the first word that names a `.py`, `.ipynb` or `.sh` file of the source, or the module after `-m`:
 *    `["train.py"]`, `python train.py --lr 1`, `bash run.sh`, `accelerate launch x.py`, `torchrun -m pkg.mod`;
 * 2. the first word, where it names any other file of the source: `["./run"]`;
 * 3. nothing that is in the source, such as `["nvidia-smi"]`: undefined.
 */
export function entryScript(words: readonly string[], files: SourceFiles, workingDir: string): EntryScript | undefined {
  for (const [index, word] of words.entries()) {
    const path = words[index - 1] === '-m' && index > 1 ? modulePath(word) : pathOf(word);
    const isModule = path !== undefined && path !== pathOf(word);
    if (path === undefined || (!isModule && !/\.(py|ipynb|sh)$/.test(path))) continue;
    const found = [path, `${path.slice(0, -'.py'.length)}/__main__.py`]
      .slice(0, isModule ? 2 : 1)
      .map((each) => joined(workingDir, each))
      .find((each) => files.read(each) !== undefined);
    if (found !== undefined) return { index, path: found, isModule };
  }
  const program = pathOf(words[0] ?? '');
  if (program === undefined || files.read(joined(workingDir, program)) === undefined) return undefined;
  return { index: 0, path: joined(workingDir, program), isModule: false };
}

function modulePath(word: string): string | undefined {
  return /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(word) ? `${word.replaceAll('.', '/')}.py` : pathOf(word);
}

function pathOf(word: string): string | undefined {
  if (word === '' || /^[-/]|\0/.test(word)) return undefined;
  const path = posix.normalize(word);
  return path === '.' || path.startsWith('..') || path.endsWith('/') ? undefined : path;
}

/** With what scripts are started that an entry point names without one. */
const interpreters: readonly (readonly [ending: string, program: string])[] = [
  ['.py', 'python'],
  ['.ipynb', 'python'],
  ['.sh', 'bash'],
];

/** `["train.py"]` as `["python", "train.py"]`, `["run.sh"]` as `["bash", "run.sh"]`: what other programs get stays as it is. */
export function withInterpreter(words: readonly string[]): string[] {
  const [, program] = interpreters.find(([ending]) => words[0]?.endsWith(ending)) ?? [];
  return program === undefined ? [...words] : [program, ...words];
}
