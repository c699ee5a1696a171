import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { ClientError } from '../client/index.ts';

export interface Input {
  value: unknown;
  /** As it was given, for messages. */
  name: string;
  /** Of the file; where relative paths in it count from. */
  dir: string;
}

/** A file's text. @throws ClientError bad-input */
export function readText(path: string, cwd: string): string {
  try {
    return readFileSync(resolve(cwd, path), 'utf8');
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message;
    throw new ClientError('bad-input', `${path} cannot be read: ${reason}`, { cause });
  }
}

/** A YAML (or JSON) file. @throws ClientError bad-input */
export function readYamlFile(path: string, cwd: string): Input {
  return { value: parseYaml(readText(path, cwd), path), name: path, dir: dirname(resolve(cwd, path)) };
}

/** JSON as it stands on the command line, or the path of a JSON or YAML file. @throws ClientError bad-input */
export function readJsonOrFile(given: string, cwd: string): Input {
  if (!given.trimStart().startsWith('{')) return readYamlFile(given, cwd);
  try {
    return { value: JSON.parse(given), name: given, dir: cwd };
  } catch (cause) {
    throw new ClientError('bad-input', `${given} is no JSON: ${(cause as Error).message}`, { cause });
  }
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new ClientError('bad-input', `${path} is no YAML: ${(cause as Error).message.split('\n')[0] ?? ''}`, {
      cause,
    });
  }
}
