import { expect, test } from 'vitest';
import { RelaunchError } from '../../contracts/failures.ts';
import { buildFailure } from '../../activities/images/engine/build-failure.ts';
import type { Shown } from '../../activities/images/engine/build-session.ts';
import { pushFailure } from '../../activities/images/engine/push-failure.ts';

const engine = 'Docker Engine 20.10.24';

interface Failed {
  message: string;
  step?: string;
  lastLines?: string[];
  shown?: Shown;
}

function failureOf({ message, step, lastLines = [], shown = {} }: Failed): unknown {
  const failed = step === undefined ? undefined : { name: step, error: message, lastLines };
  return buildFailure(message, { failed, engine, shownTo: () => shown });
}

const metadata = '[internal] load metadata for registry.example/team/base:1';
const digest = '0123456789abcdef'.repeat(4);
const dial = 'failed to do request: Head "https://registry.example/v2/team/base/manifests/1": dial tcp 10.0.0.1:443';

test.each<[string, Failed, string, string]>([
  [
    'a step ends with an exit code',
    {
      message: 'executor failed running [/bin/sh -c exit 3]: exit code: 3',
      step: '[2/5] RUN exit 3',
      lastLines: ['a', 'b'],
    },
    'BuildFailed',
    '[2/5] RUN exit 3 ended with exit code 3. Its last lines:\na\nb',
  ],
  [
    'the same, as newer engines say it',
    { message: 'process "/bin/sh -c exit 3" did not complete successfully: exit code: 3', step: '[2/5] RUN exit 3' },
    'BuildFailed',
    '[2/5] RUN exit 3 ended with exit code 3',
  ],
  [
    'a step that cannot start',
    { message: 'executor failed running [/bin/sh -c x]: unable to find user root: no such file', step: '[2/5] RUN x' },
    'BuildFailed',
    '[2/5] RUN x: unable to find user root: no such file',
  ],
  [
    'a step that talks like a registry',
    { message: 'executor failed running [sh -c "echo 401 Unauthorized: dial tcp"]: exit code: 1', step: '[2/5] RUN x' },
    'BuildFailed',
    '[2/5] RUN x ended with exit code 1',
  ],
  [
    'a flag that the engine does not know',
    { message: 'failed to create LLB definition: dockerfile parse error line 4: Unknown flag: link' },
    'BuildFailed',
    'Dockerfile, line 4: Unknown flag: link; the syntax that Docker Engine 20.10.24 has built in knows no such thing: write it without, or have it built by a newer engine',
  ],
  [
    'a Dockerfile with a mistake, as newer engines say it',
    { message: 'failed to solve: dockerfile parse error on line 2: COPY requires at least two arguments' },
    'BuildFailed',
    'Dockerfile, line 2: COPY requires at least two arguments',
  ],
  [
    'a file that is not in the context',
    { message: '"/nothere" not found: not found', step: '[3/3] COPY nothere /x' },
    'BuildFailed',
    '[3/3] COPY nothere /x: "/nothere" not found: not found',
  ],
  [
    'a Dockerfile without instructions',
    {
      message:
        'failed to solve with frontend dockerfile.v0: failed to create LLB definition: file with no instructions',
    },
    'BuildFailed',
    'file with no instructions',
  ],
  [
    'a base image that is not there',
    { message: 'registry.example/team/base:1: not found', step: metadata },
    'BuildFailed',
    'base image registry.example/team/base:1: registry.example/team/base:1: not found',
  ],
  [
    'a registry that wants a log-in',
    {
      message: 'pulling from host registry.example failed with status code [manifests 1]: 401 Unauthorized',
      step: metadata,
    },
    'RegistryDenied',
    'registry registry.example does not give base image registry.example/team/base:1 to anybody (there are no credentials for it: docker login registry.example): pulling from host registry.example failed with status code [manifests 1]: 401 Unauthorized',
  ],
  [
    'a registry that refuses somebody',
    {
      message: 'failed to authorize: failed to fetch oauth token: unexpected status: 403 Forbidden',
      step: metadata,
      shown: { account: 'user "bob"' },
    },
    'RegistryDenied',
    'registry registry.example does not give base image registry.example/team/base:1 to user "bob": failed to authorize: failed to fetch oauth token: unexpected status: 403 Forbidden',
  ],
  [
    'a registry that is away',
    { message: `${dial}: connect: connection refused`, step: metadata },
    'RegistryUnavailable',
    `registry registry.example does not give base image registry.example/team/base:1: ${dial}: connect: connection refused`,
  ],
  [
    'a token server that is away',
    {
      message: 'failed to authorize: failed to fetch anonymous token: unexpected status: 503 Service Unavailable',
      step: `[1/2] FROM registry.example/team/base@sha256:${digest}`,
    },
    'RegistryUnavailable',
    `registry registry.example does not give base image registry.example/team/base@sha256:${digest}: failed to authorize: failed to fetch anonymous token: unexpected status: 503 Service Unavailable`,
  ],
  [
    'an engine that goes down',
    { message: 'context canceled', step: '[2/5] RUN sleep 60' },
    'BuilderUnavailable',
    'Docker Engine 20.10.24 broke the build off: context canceled',
  ],
  [
    'a disk that is full',
    { message: 'failed to copy files: write /x: no space left on device', step: '[2/5] COPY . .' },
    'BuilderUnavailable',
    'Docker Engine 20.10.24 broke the build off: failed to copy files: write /x: no space left on device',
  ],
])('%s', (_, failed, type, message) => {
  expect(failureOf(failed)).toMatchObject({ type, message });
});

test('credentials that could not be had are the reason, and not what the registry said without them', () => {
  const trouble = new RelaunchError('RegistryUnavailable', 'docker-credential-cloud has none: no answer in 30 s');
  expect(failureOf({ message: 'unexpected status: 401 Unauthorized', step: metadata, shown: { trouble } })).toBe(
    trouble,
  );
});

test.each([
  ['no credentials', 'no basic auth credentials', 'RegistryDenied'],
  ['wrong ones', 'unauthorized: authentication required', 'RegistryDenied'],
  ['not this repository', 'denied: requested access to the resource is denied', 'RegistryDenied'],
  ['no such repository', "name unknown: The repository with name 'x' does not exist in the registry", 'RegistryDenied'],
  ['a tag that stays', "tag invalid: The image tag '1' already exists and cannot be overwritten", 'RegistryDenied'],
  ['403', 'received unexpected HTTP status: 403 Forbidden', 'RegistryDenied'],
  ['503', 'received unexpected HTTP status: 503 Service Unavailable', 'RegistryUnavailable'],
  ['429', 'toomanyrequests: slow down', 'RegistryUnavailable'],
  [
    'down',
    'Get "http://registry.example/v2/": dial tcp 10.0.0.1:80: connect: connection refused',
    'RegistryUnavailable',
  ],
  ['cut', 'Put "http://registry.example/v2/x/blobs/uploads/1": EOF', 'RegistryUnavailable'],
  ['nothing to push', 'An image does not exist locally with the tag: registry.example/x', 'BuilderUnavailable'],
])('a push fails: %s', (_, said, type) => {
  const api = { unavailable: (trouble: string) => new RelaunchError('BuilderUnavailable', trouble) };
  const shown = { kind: 'password', username: 'bob', password: 'hunter22' } as const;
  const failure = pushFailure(said, { image: 'registry.example/x:1', shown, api });
  expect(failure.type).toBe(type);
  if (type === 'RegistryDenied') expect(failure.message).toMatch(/^registry registry\.example .* user "bob": /);
});
