import { join, resolve } from 'node:path';
import { RelaunchError } from '../../../contracts/failures.ts';
import { sha256Hex } from '../../../contracts/hash.ts';
import { labelValue } from '../../../contracts/names.ts';
import type { AttemptRef } from '../backend.ts';

/** Where everything of an attempt is, as absolute paths. */
export interface AttemptFiles {
  /** `<home>/process/<entity>/<run>`. */
  run: string;
  /** Lasts over the attempts of the run. */
  checkpoint: string;
  /** `<run>/a<n>`: all that release removes. */
  directory: string;
  /** attempt.json: whose this directory is. There before anything else. */
  record: string;
  /** The job's working directory, fresh in each attempt. */
  source: string;
  /** The secrets that the job is given, each a file named after its variable: also those that it does not read there, for whoever follows. */
  secrets: string;
  stdout: string;
  stderr: string;
  /** The wrapper's process id, or 0: nothing may start here any more. */
  pid: string;
  /** The job's exit code. */
  exit: string;
  /** There as soon as somebody asked the job to end. */
  stopping: string;
}

/** Under which every entity has its directory. */
export const processRoot = (home: string): string => join(resolve(home), 'process');

/** The name of an attempt's directory. */
export const attemptDirectory = /^a[1-9]\d*$/;

/** @throws RelaunchError AttemptRefused where the attempt is not a positive whole number. */
export function attemptFiles(home: string, ref: AttemptRef): AttemptFiles {
  if (!Number.isSafeInteger(ref.attempt) || ref.attempt < 1) {
    throw new RelaunchError('AttemptRefused', `attempt is ${String(ref.attempt)}: attempts are numbered from 1`);
  }
  const run = join(processRoot(home), pathPart(ref.entity), pathPart(ref.run));
  const directory = join(run, `a${String(ref.attempt)}`);
  const inside = (name: string): string => join(directory, name);
  return {
    run,
    checkpoint: join(run, 'checkpoint'),
    directory,
    record: inside('attempt.json'),
    source: inside('source'),
    secrets: inside('secrets'),
    stdout: inside('stdout'),
    stderr: inside('stderr'),
    pid: inside('pid'),
    exit: inside('exit'),
    stopping: inside('stopping'),
  };
}

/** A name as one harmless part of a path: itself where it is a label value, else its hash behind an underscore, with which no label value begins. */
export function pathPart(name: string): string {
  return labelValue.safeParse(name).success ? name : `_${sha256Hex(name).slice(0, 40)}`;
}
