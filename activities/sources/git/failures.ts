import { RelaunchError } from '../../../contracts/failures.ts';
import { quoted } from '../../images/registry/failures.ts';
import type { GitFailed } from './git-process.ts';

/** Trying again does not help: somebody has to change something. */
export const rejectedSource = (message: string, cause?: unknown): RelaunchError =>
  new RelaunchError('LaunchRejected', message, { cause });

/** Trying again may help. */
export const unavailable = (message: string, cause?: unknown): RelaunchError =>
  new RelaunchError('SourceUnavailable', message, { cause });

/** Whom git spoke to, for sentences. */
export interface Spoken {
  url: string;
  host: string;
  /** Who the agent was there. */
  account: string;
  secrets: readonly string[];
  timeoutMs: number;
}

/** What git says in words that have stayed the same for years, and what that means. The first one that fits is it. */
const meanings: readonly [RegExp, (spoken: Spoken) => RelaunchError][] = [
  [/Not a valid object name/, ({ url }) => rejectedSource(`there is no such commit in ${url}`)],
  [
    /Authentication failed|could not read (Username|Password)|Permission denied \(|returned error: 40[13]\b|HTTP Basic: Access denied/,
    ({ url, host, account }) => rejectedSource(`${host} refuses ${account}: ${url} is not read`),
  ],
  [
    /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/,
    ({ host }) =>
      rejectedSource(
        `${host} is not who it should be: its SSH host key is not in git.${host}.knownHosts of the agent's file`,
      ),
  ],
  [
    /repository '.*' not found|does not appear to be a git repository|Repository not found|returned error: 40[04]\b|not valid: is this a git repository/,
    ({ url, host, account }) => rejectedSource(`${url} is not there, or ${host} does not show it to ${account}`),
  ],
  [
    /returned error: 3\d\d\b|unable to update url base from redirection/,
    ({ url }) =>
      rejectedSource(
        `${url} leads elsewhere, where agents do not follow: launch from where it leads (some servers want .git at its end)`,
      ),
  ],
  [
    /certificate|SSL|TLS/,
    ({ host }) =>
      rejectedSource(
        `${host} has a certificate that the agent does not trust: its file may name another in git.${host}.caBundle`,
      ),
  ],
];

/** What git's failure is to a launch. @throws never */
export function failureOf(failed: GitFailed, spoken: Spoken): RelaunchError {
  const { url, secrets, timeoutMs } = spoken;
  if (failed.why === 'not-there') return unavailable('there is no git on the host of this agent: install it');
  if (failed.why === 'too-late')
    return unavailable(`${url} did not come within ${String(timeoutMs / 1_000)} s`, failed);
  const said = wordsOf(failed.said, secrets);
  const meaning = meanings.find(([words]) => words.test(failed.said))?.[1];
  const error = meaning?.(spoken) ?? unavailable(`${url} cannot be read`);
  return new RelaunchError(error.type, `${error.message}${said === '' ? '' : ` (${said})`}`);
}

/** Its last complaints, without what follows from them. */
function wordsOf(said: string, secrets: readonly string[]): string {
  const lines = said
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(@|Please make sure|and the repository exists|hint:)/.test(line));
  return quoted(lines.slice(-3).join('; '), secrets);
}
