import { RelaunchError } from '../../../contracts/failures.ts';
import { forDisplay } from '../../../store/display.ts';
import type { HttpAnswer } from './http.ts';

/** Trying again does not help: somebody has to change something. */
export const denied = (message: string, cause?: unknown): RelaunchError =>
  new RelaunchError('RegistryDenied', message, { cause });

/** Trying again may help. */
export const unavailable = (message: string, cause?: unknown): RelaunchError =>
  new RelaunchError('RegistryUnavailable', message, { cause });

/** What somebody else wrote, for a sentence of ours: one line, nothing that moves a terminal, no secret, not long. */
export function quoted(text: string, secrets: readonly string[] = []): string {
  const line = forDisplay(text.slice(0, 10_000).replace(/\s+/g, ' ')).trim();
  const clean = secrets.reduce((said, secret) => (secret === '' ? said : said.replaceAll(secret, '***')), line);
  return clean.length <= 300 ? clean : `${clean.slice(0, 299)}…`;
}

/** An answer in short: its status, and the first of the errors that it names, else its text. @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes */
export function wordsOf({ status, body }: HttpAnswer, secrets: readonly string[]): string {
  const said = quoted(firstError(body?.toString() ?? ''), secrets);
  return `HTTP ${String(status)}${said === '' ? '' : `, ${said}`}`;
}

/** What the network threw, in short. */
export function networkWords(error: unknown): string {
  if (!(error instanceof Error)) return quoted(String(error));
  return quoted(error.message || ('code' in error ? String(error.code) : error.name));
}

function firstError(body: string): string {
  try {
    const { code = '', message = '' } = (JSON.parse(body) as { errors: { code?: unknown; message?: unknown }[] })
      .errors[0] as { code?: unknown; message?: unknown };
    return `${String(code)}: ${String(message)}`;
  } catch {
    return body;
  }
}
