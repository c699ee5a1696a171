import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GitSources } from '../../activities/sources/git/git-sources.ts';
import type { GitSource } from '../../contracts/git-source.ts';
import { keyOf } from '../../store/layout.ts';
import { failure } from '../support/activity-calls.ts';
import { activityHarness, type ActivityHarness } from '../support/activity-harness.ts';

let harness: ActivityHarness;
/** What was started as git, one line each. */
let started: () => Promise<string>;
let resolve: (git: GitSource) => Promise<unknown>;

beforeEach(async () => {
  harness = await activityHarness();
  const programs = join(harness.scratch, 'programs');
  const calls = join(harness.scratch, 'calls');
  await mkdir(programs);
  await writeFile(join(programs, 'git'), `#!/bin/sh\necho "$*" >>${calls}\nexit 128\n`);
  await chmod(join(programs, 'git'), 0o755);
  started = () => readFile(calls, 'utf8').catch(() => '');
  const workplace = join(harness.scratch, 'fetches');
  const git = new GitSources(harness.store, {
    workplace,
    hosts: { 'git.example': { username: 'git' } },
    env: { PATH: `${programs}:/usr/bin:/bin` },
  });
  const run = harness.workflow('from-git', harness.agent({ git }));
  resolve = (source) => run.resolve(harness.spec('exit 0', { source: { git: source } }));
});
afterEach(() => harness.cleanup());

const url = 'https://git.example/x.git';

test('what is no repository is refused by the agent before any git is started', async () => {
  const wrong: GitSource[] = [
    ...['file:///etc', 'ext::sh -c id', '/srv/x', './x', '--upload-pack=id', 'git://git.example/x'].map((bad) => ({
      url: bad,
    })),
    ...['https://a:b@git.example/x', 'ssh://-oProxyCommand=id/x', 'git@-oProxyCommand=id:x'].map((bad) => ({
      url: bad,
    })),
    ...['--upload-pack=id', '-x', 'a..b', '+main:refs/heads/x'].map((ref) => ({ url, ref })),
    { url, commit: '--all' },
  ];
  for (const source of wrong) await expect(resolve(source)).rejects.toEqual(failure('LaunchRejected', 'source.git.'));
  expect(await started()).toBe('');
  expect(await harness.json(keyOf.plan('from-git'))).toBeUndefined();
  // It would have been seen.
  await expect(resolve({ url })).rejects.toEqual(failure('SourceUnavailable', url));
  expect(await started()).toContain(`ls-remote --quiet --end-of-options ${url} refs/heads/main`);
});

test('a launch that its queue does not allow is refused before any git is started', async () => {
  await harness.writeQueue('backend: process\ngracePeriod: 1s\n');
  const run = harness.workflow('late', harness.agent({ git: { pin: () => Promise.reject(new Error('asked')) } }));
  const spec = harness.spec('exit 0', { source: { git: { url } }, gracePeriod: '1m' });
  await expect(run.resolve(spec)).rejects.toEqual(failure('LaunchRejected', 'gracePeriod is'));
});
