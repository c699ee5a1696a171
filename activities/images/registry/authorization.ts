import type { Credentials } from './credentials.ts';
import { quoted } from './failures.ts';

/** How a request shows who asks. */
export interface Authorization {
  header: string;
  /** For people: `user "bob"`. Undefined: nobody in particular. */
  account: string | undefined;
  /** What is in no message. */
  secrets: readonly string[];
}

/** As of https://www.rfc-editor.org/rfc/rfc7617. */
export function basic(credentials: Credentials & { kind: 'password' }): Authorization {
  const header = `Basic ${encoded(credentials)}`;
  return { header, account: accountOf(credentials), secrets: secretsOf(credentials) };
}

/** With a token that was given for credentials, or to anybody. */
export function bearer(token: string, credentials: Credentials | undefined): Authorization {
  const account = credentials && accountOf(credentials);
  return { header: `Bearer ${token}`, account, secrets: [token, ...secretsOf(credentials)] };
}

export const accountOf = (credentials: Credentials): string =>
  credentials.kind === 'password' ? `user ${JSON.stringify(quoted(credentials.username))}` : 'its identity token';

export function secretsOf(credentials: Credentials | undefined): readonly string[] {
  if (credentials === undefined) return [];
  return credentials.kind === 'password' ? [credentials.password, encoded(credentials)] : [credentials.token];
}

const encoded = ({ username, password }: Credentials & { kind: 'password' }): string =>
  Buffer.from(`${username}:${password}`).toString('base64');
