import { instructionsOf, type Instruction } from './dockerfile-instructions.ts';

/**
 * The images that a Dockerfile is made from, in their order: of `FROM`, of `COPY --from` and of `RUN --mount=...,from=`. Arguments are
 * filled in from `buildArgs`, else from their defaults; a name with one that has neither is left out, the build will say so.
 */
export function baseImagesOf(dockerfile: string, buildArgs: Readonly<Record<string, string>> = {}): string[] {
  const args = new Map<string, string>();
  const stages = new Set<string>(['scratch']);
  const images = new Set<string>();
  const add = (name: string | undefined): void => {
    if (name === undefined || name === '' || stages.has(name.toLowerCase()) || /^\d+$/.test(name)) return;
    images.add(name);
  };
  let isGlobal = true;
  for (const instruction of instructionsOf(dockerfile)) {
    if (instruction.keyword === 'ARG' && isGlobal) declare(args, instruction, buildArgs);
    if (instruction.keyword === 'FROM') {
      isGlobal = false;
      const [image = '', as, stage] = instruction.rest.split(/\s+/).filter((word) => !word.startsWith('--'));
      add(filledIn(image, args));
      if (as?.toLowerCase() === 'as' && stage !== undefined) stages.add(stage.toLowerCase());
    }
    for (const source of sourcesOf(instruction)) add(source);
  }
  return [...images];
}

/** What an instruction takes files from: of `COPY --from` and of mounts. */
function sourcesOf({ keyword, rest }: Instruction): string[] {
  if (keyword !== 'COPY' && keyword !== 'ADD' && keyword !== 'RUN') return [];
  const [flags = ''] = /^(?:--\S+\s+)*/.exec(rest) ?? [];
  return flags.split(/\s+/).flatMap((flag) => {
    if (flag.startsWith('--from=')) return [unquoted(flag.slice('--from='.length))];
    return flag.startsWith('--mount=') ? mountSources(unquoted(flag.slice('--mount='.length))) : [];
  });
}

const mountSources = (mount: string): string[] =>
  mount.split(',').flatMap((option) => (/^from=/i.test(option) ? [option.slice('from='.length)] : []));

function declare(args: Map<string, string>, { rest }: Instruction, given: Readonly<Record<string, string>>): void {
  for (const [, name = '', fallback] of rest.matchAll(/([A-Za-z_]\w*)(?:=("[^"]*"|'[^']*'|\S*))?/g)) {
    const value = Object.hasOwn(given, name) ? given[name] : fallback && filledIn(unquoted(fallback), args);
    if (value !== undefined) args.set(name, value);
  }
}

const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/, '$2');

/** `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}`; undefined: a name that nobody gave. */
function filledIn(text: string, args: ReadonlyMap<string, string>): string | undefined {
  const values = unquoted(text)
    .split(variable)
    .map((part, index) => (index % 2 === 0 ? part : valueOf(part, args)));
  return values.includes(undefined) ? undefined : values.join('');
}

const variable = /(\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*(?::?[-+][^{}]*)?\})/;

function valueOf(written: string, args: ReadonlyMap<string, string>): string | undefined {
  const [, name = '', operator = '', word = ''] = /^\$\{?(\w+)(:?[-+])?(.*?)\}?$/s.exec(written) ?? [];
  const value = args.get(name);
  const isSet = value !== undefined && (value !== '' || !operator.startsWith(':'));
  if (operator.endsWith('+')) return isSet ? word : '';
  return operator.endsWith('-') && !isSet ? word : value;
}
