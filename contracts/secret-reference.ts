import { z } from 'zod';
import { fieldIssue, type FieldIssue } from './issues.ts';
import { labelValue } from './names.ts';

/** Names that the launcher sets itself are reserved: a submitter cannot forge them. */
const environmentName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and "_", not beginning with a digit')
  .refine((name) => !name.startsWith('RELAUNCH_'), 'names beginning with RELAUNCH_ are set by the launcher');

/** What a secret is called, where there are many by one name with its key: `wandb`, `wandb/api-key`. Both parts are label values. */
export const secretName = z
  .string('a name')
  .regex(/^[^/]+(\/[^/]+)?$/, 'a name, or NAME/KEY')
  .refine(
    (name) => name.split('/').every((part) => labelValue.safeParse(part).success),
    'NAME or NAME/KEY, each at most 63 characters of A-Z, a-z, 0-9, "-", "_", ".", beginning and ending with a letter or digit',
  );

/** A secret by its name: who runs the job looks it up, and nobody before. */
export const secretReference = z.strictObject({
  secret: secretName,
  /** `file`: the job finds its path in the variable with `_FILE` behind. `env`: the variable has the value, for all who may look at the job. */
  as: z.enum(['file', 'env'], 'file or env').default('file'),
});
export type SecretReference = z.output<typeof secretReference>;

/** The variable that has the path of a secret's file. */
export const fileVariable = (variable: string): string => `${variable}_FILE`;

/** Paths end with it. */
const longestVariable = 128;

/** The variables of a job: texts, and secrets by reference. */
export const jobVariables = z
  .record(
    environmentName,
    z.union(
      [z.string().regex(/^[^\0]*$/, 'no NUL character'), secretReference],
      'expected string, or a secret such as {secret: wandb, as: env}',
    ),
  )
  .check(({ value, issues }) => {
    for (const name of secretsOf(value)) {
      const refuse = (path: string, message: string) =>
        issues.push({ code: 'custom', input: value[path], path: [path], message });
      if (name.length > longestVariable) refuse(name, `of secrets at most ${String(longestVariable)} characters`);
      if (Object.hasOwn(value, fileVariable(name))) refuse(fileVariable(name), `it belongs to the secret of ${name}`);
    }
  });
type JobVariables = z.output<typeof jobVariables>;

const secretsOf = (variables: JobVariables): string[] =>
  Object.entries(variables).flatMap(([name, value]) => (typeof value === 'string' ? [] : [name]));

/** All that a variable sets, or keeps others from setting. */
const namesOf = (name: string, value: JobVariables[string]): string[] =>
  typeof value === 'string' ? [name] : [name, fileVariable(name)];

/**
 * The variables of a run: the submitter's over the queue's, and those over its defaults. A secret must be one that the queue lets submitters name; what the queue gives
 * as a secret stays as it is. Every field outside is an issue, none of which shows a value.
 */
export function mergeVariables(
  { env, queue: name }: { env: JobVariables; queue: string },
  queue: { env: JobVariables; secrets: readonly string[]; defaults: { env?: JobVariables | undefined } },
): { env: Record<string, string>; secrets: Record<string, SecretReference>; issues: FieldIssue[] } {
  const issues: FieldIssue[] = [];
  const kept = new Set(secretsOf(queue.env).flatMap((each) => namesOf(each, queue.env[each] ?? '')));
  for (const [variable, value] of Object.entries(env)) {
    if (namesOf(variable, value).some((each) => kept.has(each))) {
      const rule = `queue "${name}" gives its runs a secret by that name, which stays`;
      issues.push({ ...fieldIssue(['env', variable], { env }, rule), value: '****' });
    } else if (typeof value !== 'string' && !queue.secrets.includes(value.secret)) {
      const rule = `queue "${name}" lets its runs name ${queue.secrets.join(', ') || 'no secrets'} (secrets)`;
      issues.push(fieldIssue(['env', variable, 'secret'], { env }, rule));
    }
  }
  const set = new Set(Object.entries(env).flatMap(([variable, value]) => namesOf(variable, value)));
  const defaults = Object.entries(queue.defaults.env ?? {}).filter(
    (each) => !namesOf(...each).some((one) => kept.has(one)),
  );
  const given = Object.entries({ ...Object.fromEntries(defaults), ...queue.env });
  const all = [...given.filter(([variable]) => !set.has(variable)), ...Object.entries(env)];
  return {
    env: Object.fromEntries(all.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : []))),
    secrets: Object.fromEntries(all.flatMap(([key, value]) => (typeof value === 'string' ? [] : [[key, value]]))),
    issues,
  };
}
