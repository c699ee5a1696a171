/** The short names of `docker run`, and what people write besides. */
const aliases = new Map([
  ['a', 'attach'],
  ['c', 'cpu-shares'],
  ['cpu', 'cpus'],
  ['d', 'detach'],
  ['e', 'env'],
  ['h', 'hostname'],
  ['i', 'interactive'],
  ['l', 'label'],
  ['m', 'memory'],
  ['net', 'network'],
  ['t', 'tty'],
  ['u', 'user'],
  ['v', 'volume'],
  ['w', 'workdir'],
]);

/** Spellings differ in case, dashes and underscores: `--cpu-shares`, `cpu_shares`, `cpuShares`. */
const squashed = (name: string): string => name.replace(/[-_]/g, '').toLowerCase();

/** Finds the flag that a key means, among `flags` in the spelling of `docker run`. Of `name=value` the value comes along. */
export function spelled(key: string, flags: ReadonlyMap<string, string>): { flag: string | undefined; value?: string } {
  const [name = '', ...rest] = key.split('=');
  const plain = squashed(name);
  const flag = flags.get(squashed(aliases.get(plain) ?? plain));
  return rest.length === 0 ? { flag } : { flag, value: rest.join('=') };
}

/** What {@link spelled} looks in. */
export const spellingsOf = (flags: Iterable<string>): ReadonlyMap<string, string> =>
  new Map([...flags].map((flag) => [squashed(flag), flag]));
