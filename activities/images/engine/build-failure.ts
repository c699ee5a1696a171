import { RelaunchError } from '../../../contracts/failures.ts';
import { sentenceIn } from '../apt-python.ts';
import { denied, quoted, unavailable } from '../registry/failures.ts';
import type { Shown } from './build-session.ts';
import { hostOf } from './host-of.ts';
import { nobody, registryTrouble } from './registry-words.ts';
import type { Step } from './step.ts';

export interface FailureContext {
  /** The step that failed, if one did: what is wrong with a Dockerfile is found before the first. */
  failed: Pick<Step, 'name' | 'error' | 'lastLines'> | undefined;
  shownTo: (host: string) => Shown;
  /** For people: `Docker Engine 20.10.24`. */
  engine: string;
}

/** What ends a build that has done nothing wrong. */
const passing =
  /context canceled$|no active sessions?|session \S+ not found|no space left on device|rpc error: code = (?:Unavailable|Canceled)/i;
const exitCode = /exit code: (\d+)$/;
const parseError = /dockerfile parse error (?:on )?line (\d+): (.*)$/s;
const unknownSyntax = /^(?:unknown instruction|unknown flag|unsupported mount|unexpected key)/i;
const ofImage = /^(?:\[internal\] load metadata for|resolve image config for|\[[^\]]*\] FROM) (\S+)/;

/** What is wrong when an engine says that a build failed: an error to be thrown. */
export function buildFailure(message: string, context: FailureContext): unknown {
  const [, line, words] = parseError.exec(message) ?? [];
  if (line !== undefined && words !== undefined) return syntaxFailure(line, words, context.engine);
  const { name, error, lastLines } = context.failed ?? { name: '', error: message, lastLines: [] };
  const code = exitCode.exec(error)?.[1];
  if (code !== undefined) {
    return buildFailed(sentenceIn(lastLines) ?? `${name} ended with exit code ${code}${lastWords(lastLines)}`);
  }
  if (passing.test(error)) {
    return new RelaunchError('BuilderUnavailable', `${context.engine} broke the build off: ${quoted(error)}`);
  }
  const image = ofImage.exec(name)?.[1];
  if (image !== undefined) return baseImageFailure(image, error, context.shownTo(hostOf(image)));
  return buildFailed(`${name === '' ? '' : `${name}: `}${quoted(withoutPrefixes(error))}${lastWords(lastLines)}`);
}

const buildFailed = (message: string): RelaunchError => new RelaunchError('BuildFailed', message);

function syntaxFailure(line: string, words: string, engine: string): RelaunchError {
  const way = `the syntax that ${engine} has built in knows no such thing: write it without, or have it built by a newer engine`;
  return buildFailed(`Dockerfile, line ${line}: ${quoted(words)}${unknownSyntax.test(words) ? `; ${way}` : ''}`);
}

function baseImageFailure(image: string, said: string, { account, trouble }: Shown): unknown {
  if (trouble !== undefined) return trouble;
  const host = hostOf(image);
  switch (registryTrouble(said)) {
    case 'denied':
      return denied(
        `registry ${host} does not give base image ${image} to ${account ?? nobody(host)}: ${quoted(said)}`,
      );
    case 'missing':
      return buildFailed(`base image ${image}: ${quoted(said)}`);
    case 'unavailable':
      return unavailable(`registry ${host} does not give base image ${image}: ${quoted(said)}`);
  }
}

const lastWords = (lines: readonly string[]): string =>
  lines.length === 0 ? '' : `. Its last lines:\n${lines.map((line) => quoted(line)).join('\n')}`;

/** BuildKit says which of its parts heard of it from which other one, and the step's command again. */
const withoutPrefixes = (message: string): string =>
  message.replace(
    /^(?:failed to solve(?: with frontend [\w.]+)?: |failed to create LLB definition: |executor failed running \[.*\]: )+/s,
    '',
  );
