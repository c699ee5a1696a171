import { expect, test } from 'vitest';
import { agentNameOf } from '../../scripts/agent-name.ts';
import { baseEnvOf } from '../../scripts/base-env.ts';
import { labelValue } from '../../contracts/names.ts';
import { serverArguments } from '../../scripts/dev/server-arguments.ts';

test('jobs inherit nothing of the agent that could be a credential', () => {
  const env = {
    PATH: '/bin',
    LC_ALL: 'C',
    TZ: 'UTC',
    TEMPORAL_API_KEY: 'k',
    AWS_SECRET_ACCESS_KEY: 's',
    NODE_OPTIONS: '--x',
    LD_PRELOAD: 'y',
    HOME: undefined,
  };
  expect(baseEnvOf(env)).toEqual({ PATH: '/bin', LC_ALL: 'C', TZ: 'UTC' });
});

test.each(['rack-3.example.org', '_odd_host_', 'Füße', 'x'.repeat(80), '', '---'])(
  'a host called %j gives a name that is a label',
  (host) => {
    expect(labelValue.safeParse(agentNameOf(host)).success).toBe(true);
    expect(labelValue.safeParse(agentNameOf(host, 'dev-')).success).toBe(true);
  },
);

test('the development server listens on loopback alone, with the measured settings', () => {
  const words = serverArguments({ namespace: 'n', port: 1, uiPort: 2, database: '/h/temporal.db' });
  expect(words.join(' ')).toContain(
    '--ip 127.0.0.1 --port 1 --ui-ip 127.0.0.1 --ui-port 2 --db-filename /h/temporal.db',
  );
  expect(words).toContain('matching.longPollExpirationInterval="2s"');
  expect(words).toContain('RelaunchTags=KeywordList');
});
