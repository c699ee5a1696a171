import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { ClientError, type SweepSpecInput } from '../client/index.ts';
import { formatIssues } from '../contracts/issues.ts';
import { sweepOfFile, type SweepFile } from '../contracts/wandb-sweep.ts';
import { dirname, isAbsolute, resolve } from 'node:path';
import { readText } from './read-input.ts';

/** A sweep file in YAML or JSON. Its directory of code counts from where the file is. @throws ClientError bad-input */
export function readSweepFile(
  path: string,
  cwd: string,
  environment: Readonly<Record<string, string | undefined>>,
): SweepFile {
  const document = parseDocument(readText(path, cwd));
  const [wrong] = document.errors;
  if (wrong !== undefined) {
    throw new ClientError('bad-input', `${path} is no YAML: ${wrong.message.split('\n')[0] ?? ''}`, { cause: wrong });
  }
  const parameters: unknown = document.get('parameters');
  if (isMap(parameters)) nameUniforms(parameters);
  const read = sweepOfFile(document.toJS(), environment);
  if ('issues' in read) {
    throw new ClientError('bad-input', `${path} is no sweep, nothing was started:\n${formatIssues(read.issues)}`);
  }
  return { ...read, sweep: withCodeFrom(read.sweep, dirname(resolve(cwd, path))) };
}

/**
 * Bounds without a distribution mean whole numbers if both are written so, as in W&B's files: 1 to 2 is not 1.0 to 2.0. Values do not tell
 * these apart, only the text does.
 */
function nameUniforms(parameters: YAMLMap): void {
  for (const { value: parameter } of parameters.items) {
    if (!isMap(parameter)) continue;
    const inner: unknown = parameter.get('parameters');
    if (isMap(inner)) nameUniforms(inner);
    if (parameter.has('distribution') || !parameter.has('min') || !parameter.has('max')) continue;
    if (['min', 'max'].some((bound) => isFractional(parameter.get(bound, true))))
      parameter.set('distribution', 'uniform');
  }
}

const isFractional = (node: unknown): boolean =>
  isScalar(node) && typeof node.value === 'number' && /[.e]/i.test(node.source ?? '');

function withCodeFrom(sweep: SweepSpecInput, base: string): SweepSpecInput {
  const code = (sweep.launch.source as { code?: { dir?: unknown } } | undefined)?.code;
  if (typeof code?.dir !== 'string' || isAbsolute(code.dir)) return sweep;
  return { ...sweep, launch: { ...sweep.launch, source: { code: { ...code, dir: resolve(base, code.dir) } } } };
}
