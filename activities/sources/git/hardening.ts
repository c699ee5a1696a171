import type { GitRemote } from '../../../contracts/git-source.ts';

/** What git is told on each command line, over anything that a repository or a server says. @see https://git-scm.com/docs/git-config */
export const configFor = (scheme: GitRemote['scheme']): string[] => [
  'protocol.allow=never',
  `protocol.${scheme}.allow=always`,
  'http.followRedirects=false',
  'http.sslVerify=true',
  'http.lowSpeedLimit=1000',
  'http.lowSpeedTime=60',
  'credential.helper=',
  'core.hooksPath=/dev/null',
  'core.symlinks=false',
  'core.fsmonitor=false',
  'core.attributesFile=/dev/null',
  // What is larger is written as it comes, not held in memory.
  'core.bigFileThreshold=32m',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'fetch.writeCommitGraph=false',
  'transfer.bundleURI=false',
  // Always one pack: its length is bounded.
  'transfer.unpackLimit=1',
  'gc.auto=0',
  'maintenance.auto=false',
];

/** All of git's environment besides PATH. Nothing of this machine or user is read, nobody is asked. */
export const environmentFor = (scheme: GitRemote['scheme'], home: string): Record<string, string> => ({
  HOME: home,
  XDG_CONFIG_HOME: home,
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: scheme,
  GIT_PROTOCOL_FROM_USER: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_LFS_SKIP_SMUDGE: '1',
});
