import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSecretFile } from '../../secrets/secret-file.ts';
import type { Attempt } from '../backend.ts';
import { fileVariables } from '../given-secrets.ts';
import { fillDirectory, unlessMissing } from './files.ts';
import type { AttemptFiles } from './layout.ts';

/** Puts down the attempt's secrets, once, and answers the variables that give them to the job. @throws as {@link Attempt.secrets} does */
export async function secretVariables(attempt: Attempt, files: AttemptFiles): Promise<Record<string, string>> {
  const wanted = Object.entries(attempt.plan.secrets ?? {});
  if (wanted.length === 0) return {};
  await fillDirectory(files.secrets, async (directory) => {
    for (const { variable, value } of await attempt.secrets())
      await writeFile(join(directory, variable), value, { mode: 0o600 });
  });
  const asFiles = wanted.flatMap(([variable, { as }]) => (as === 'file' ? [variable] : []));
  const asText = wanted
    .filter(([, { as }]) => as === 'env')
    .map(async ([variable]) => {
      const { value } = await readSecretFile(join(files.secrets, variable));
      return [variable, value.toString()] as const;
    });
  return { ...fileVariables(asFiles, files.secrets), ...Object.fromEntries(await Promise.all(asText)) };
}

/** More of them a job has made itself. */
const mostSecrets = 256;

/** What an attempt was given, as far as its job has left it there. */
export async function givenSecrets(files: AttemptFiles): Promise<Buffer[]> {
  const names = (await unlessMissing(readdir(files.secrets)).catch(() => [])) ?? [];
  const read = names.slice(0, mostSecrets).map(async (name) => (await readSecretFile(join(files.secrets, name))).value);
  return (await Promise.allSettled(read)).flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}
