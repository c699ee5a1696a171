import { z } from 'zod';

const word = '[A-Za-z0-9][A-Za-z0-9_.-]{0,127}';

/** A word in the name of a job: of its project, of itself, of an alias. All of them are parts of keys and of references. */
export const jobWord = z
  .string()
  .regex(
    new RegExp(`^${word}$`),
    'at most 128 characters of A-Z, a-z, 0-9, "_", "-", ".", beginning with a letter or digit',
  );

const reference = new RegExp(`^(?:(${word})/)?(${word})(?::(${word}))?$`);

export const jobRule = 'a job such as digits, digits:prod, digits:v3 or vision/digits:prod';

/** A job by its name: `[project/]name[:alias|:vN]`. */
export const jobReference = z.string(jobRule).regex(reference, jobRule);

/** What follows every new version by itself. */
export const latest = 'latest';

/** A job that is meant by a reference. */
export interface NamedJob {
  project: string;
  name: string;
  /** `v3`, or an alias. */
  label: string;
}

/** What a {@link jobReference} means; `project`: where it names none. */
export function namedJob(text: string, project: string): NamedJob {
  const [, own, name = '', label = latest] = reference.exec(text) ?? [];
  return { project: own ?? project, name, label };
}

/** The version or alias that a reference names, if it does. */
export const labelIn = (text: string): string | undefined => reference.exec(text)?.[3];

/** The project that a reference names, if it does. */
export const projectIn = (text: string): string | undefined => reference.exec(text)?.[1];

/** Of the last version that a job may have. */
export const mostVersion = 999_999_999;

/** The number in `v3`; undefined in other words. */
export function versionIn(label: string): number | undefined {
  const digits = /^v(0|[1-9]\d{0,8})$/.exec(label)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A version as it is written: `vision/digits:v3`. */
export const versionName = ({ project, name }: Pick<NamedJob, 'project' | 'name'>, version: number): string =>
  `${project}/${name}:v${String(version)}`;
