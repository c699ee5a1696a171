import { z } from 'zod';

/** Values of flags, as YAML and JSON have them: a number may be written as a text, one of a list alone. */

export const text = z.union([z.string().min(1), z.number().transform(String)], 'a text');

export const number = z.union(
  [
    z.number(),
    z
      .string()
      .regex(/^-?\d+(\.\d+)?$/)
      .transform(Number),
  ],
  'a number',
);

export const whole = (rule: string, fits: (value: number) => boolean = (value) => value >= 0) =>
  number.refine((value) => Number.isSafeInteger(value) && fits(value), rule);

export const flag = z.boolean('true or false');

/** One, or a list of them. */
export const listOf = <T>(item: z.ZodType<T>) =>
  z.preprocess((given): unknown => (Array.isArray(given) ? given : [given]), z.array(item));

const units = new Map([
  ['', 1],
  ['b', 1],
  ['k', 1_024],
  ['m', 1_024 ** 2],
  ['g', 1_024 ** 3],
  ['t', 1_024 ** 4],
]);

const sizePattern = /^(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?$/i;

/** A size as `docker run` takes it: bytes, or with a unit of powers of 1024, `64m`, `1.5GB`. */
export const bytes = text
  .refine((value) => sizePattern.test(value), 'a size such as 512m or 16g')
  .transform((value) => {
    const [, amount = '0', unit = ''] = sizePattern.exec(value) ?? [];
    return Math.floor(Number(amount) * (units.get(unit.toLowerCase()) ?? 1));
  });

/** Memory with swap: -1 is as much as there is. */
export const bytesOrAll = z.union(
  [z.literal([-1, '-1']).transform(() => -1), bytes],
  'a size such as 512m or 16g, or -1',
);

const ulimitPattern = /^([a-z]+)=(-1|\d+)(?::(-1|\d+))?$/;

/** `nofile=1024:2048`: soft and hard, or one for both. */
export const ulimit = z
  .string()
  .regex(ulimitPattern, 'a limit such as nofile=1024:2048')
  .transform((value) => {
    const [, Name = '', soft = '', hard = soft] = ulimitPattern.exec(value) ?? [];
    return { Name, Soft: Number(soft), Hard: Number(hard) };
  });

const variable = z
  .string('NAME=value')
  .regex(/^[^=\0]+=[^\0]*$/, 'NAME=value: without a value it would be one of the agent’s own environment');

/** `NAME=value`, a list of such, or a map. */
export const environment = z.preprocess(asList, listOf(variable)).transform(pairs);

/** The same for labels, which may be without a value. */
export const labels = z
  .preprocess(
    asList,
    listOf(
      z
        .string('name=value')
        .regex(/^[^=]/, 'name=value')
        .regex(/^(?!relaunch\.dev\/)/, 'labels of relaunch.dev/ are the launcher’s'),
    ),
  )
  .transform(pairs);

/** A map as the list that it stands for; what is in it and none of a text, number or boolean is refused there. */
function asList(given: unknown): unknown {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) return given;
  return Object.entries(given).map(([name, value]: [string, unknown]) =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? `${name}=${String(value)}`
      : value,
  );
}

function pairs(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((one) => {
      const at = one.indexOf('=');
      return at === -1 ? [one, ''] : [one.slice(0, at), one.slice(at + 1)];
    }),
  );
}
