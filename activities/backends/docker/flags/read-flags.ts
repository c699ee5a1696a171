import type { z } from 'zod';
import { fieldIssue, type FieldIssue } from '../../../../contracts/issues.ts';
import { queueFlags, refusedFlags, submitterFlags, type FlagSettings } from './flags.ts';
import { spelled, spellingsOf } from './spelling.ts';

const everySpelling = spellingsOf([...queueFlags.keys(), ...refusedFlags.keys()]);

/** Reads W&B's map of `docker run` flags, as the admin of a queue wrote it. */
export const readQueueFlags = (given: unknown): ReadFlags => readFlags(given, queueFlags);

/** The same map by a submitter, who may set much less. */
export const readSubmitterFlags = (given: unknown): ReadFlags => readFlags(given, submitterFlags);

/** The same map in the spelling of `docker run`, each value apart from its key; keys that mean none stay as they are. */
export function inOneSpelling<T>(given: Readonly<Record<string, T>>): Record<string, T | string> {
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const { flag = key, value: inKey } = spelled(key, everySpelling);
      return [flag, inKey ?? value];
    }),
  );
}

export type ReadFlags = { settings: FlagSettings } | { issues: FieldIssue[] };

function readFlags(given: unknown, allowed: typeof queueFlags): ReadFlags {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    return { issues: [fieldIssue([], given, 'a map of flags of docker run and their values')] };
  }
  const settings: FlagSettings = { config: {}, host: {}, env: {}, labels: {} };
  const issues: FieldIssue[] = [];
  const seen = new Map<string, string>();
  for (const [key, value] of Object.entries(given)) {
    const refuse = (rule: string): void => void issues.push(fieldIssue([key], given, rule));
    const { flag, value: inKey } = spelled(key, everySpelling);
    const schema = flag === undefined ? undefined : allowed.get(flag);
    const twice = flag === undefined ? undefined : seen.get(flag);
    if (flag === undefined || schema === undefined) refuse(whyNot(flag));
    else if (twice !== undefined) refuse(`it is given twice, also as ${JSON.stringify(twice)}`);
    else if (inKey !== undefined && value !== null && value !== '') refuse('its key has a value already');
    else take(schema, inKey ?? value, settings, refuse);
    if (flag !== undefined) seen.set(flag, key);
  }
  return issues.length > 0 ? { issues } : { settings };
}

function whyNot(flag: string | undefined): string {
  if (flag === undefined) return 'not a flag of docker run that is known here';
  return refusedFlags.get(flag) ?? 'only the admin of the queue may set it';
}

function take(
  schema: z.ZodType<Partial<FlagSettings>>,
  value: unknown,
  settings: FlagSettings,
  refuse: (rule: string) => void,
): void {
  const { success, data, error } = schema.safeParse(value);
  if (!success) {
    refuse(error.issues[0]?.message ?? 'not a value of this flag');
    return;
  }
  const { config, host, ...others } = data;
  Object.assign(settings, others);
  Object.assign(settings.config, config);
  Object.assign(settings.host, host);
}
