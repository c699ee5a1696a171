import { join } from 'node:path';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** ESLint as `npm run check` has it, without the rules that need types: those of files that do not exist cannot be known. */
const eslint = new ESLint({
  cwd: root,
  overrideConfig: [
    tseslint.configs.disableTypeChecked,
    { languageOptions: { parserOptions: { projectService: false } } },
  ],
});

async function rulesBroken(file: string, text: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(`${text}\n`, { filePath: join(root, file) });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

const paths = 'import-x/no-restricted-paths';
const imports = '@typescript-eslint/no-restricted-imports';
const environment = 'no-restricted-properties';

// The first file takes seconds, for the parser and its plugins.
beforeAll(() => rulesBroken('store/x.ts', ''), 60_000);

test.each<[string, string, string, string]>([
  ['contracts knows no store', 'contracts/x.ts', "import '../store/store.ts';", paths],
  ['search knows no contracts', 'search/x.ts', "import '../contracts/plan.ts';", paths],
  ['store knows no activities', 'store/x.ts', "import '../activities/backends/backend.ts';", paths],
  ['workflows know no store', 'workflows/x.ts', "import '../store/store.ts';", paths],
  ['workflows know no client', 'workflows/x.ts', "import '../client/index.ts';", paths],
  [
    'workflows know only the types of activities',
    'workflows/x.ts',
    "import '../activities/backends/backend.ts';",
    imports,
  ],
  ['activities know no workflows', 'activities/x.ts', "import '../workflows/index.ts';", paths],
  ['activities know no workers', 'activities/x.ts', "import '../workers/control.ts';", paths],
  ['workers know no client', 'workers/x.ts', "import '../client/index.ts';", paths],
  ['the client knows no activities', 'client/x.ts', "import '../activities/backends/backend.ts';", paths],
  ['the client knows only the types of workflows', 'client/x.ts', "import '../workflows/index.ts';", imports],
  ['scripts know no workers', 'scripts/x.ts', "import '../workers/control.ts';", paths],
  ['commands know no workers', 'scripts/commands/x.ts', "import '../../workers/control.ts';", paths],
  ['scripts know no activities', 'scripts/x.ts', "import '../activities/backends/backend.ts';", paths],
  ['testbeds know no activities', 'scripts/testbed/docker/x.ts', "import '../../../activities/border.ts';", paths],
  ['the agent command knows no activities', 'scripts/agent.ts', "import '../activities/backends/backend.ts';", paths],
  ['nobody knows tests', 'client/x.ts', "import '../test/support/closing-line.ts';", paths],
  ['no import goes in circles', 'contracts/outcome.ts', "import './requeue.ts';", 'import-x/no-cycle'],

  ['contracts know no Node', 'contracts/x.ts', "import 'node:fs';", imports],
  ['contracts know no Node, by its old names', 'contracts/x.ts', "import 'fs/promises';", imports],
  ['contracts know no Temporal client', 'contracts/x.ts', "import '@temporalio/client';", imports],
  ['search knows no Node', 'search/x.ts', "import 'node:crypto';", imports],
  ['workflows know no Node', 'workflows/x.ts', "import 'node:timers/promises';", imports],
  ['workflows know no Temporal client', 'workflows/x.ts', "import '@temporalio/client';", imports],
  ['workflows know no Temporal worker', 'workflows/x.ts', "import '@temporalio/worker';", imports],
  ['only some activities know dockerode', 'activities/x.ts', "import 'dockerode';", imports],
  ['the process backend knows no dockerode', 'activities/backends/process/x.ts', "import 'dockerode';", imports],
  ['the Kubernetes backend knows no dockerode', 'activities/backends/kubernetes/x.ts', "import 'dockerode';", imports],
  ['workers know no dockerode', 'workers/x.ts', "import 'dockerode';", imports],
  ['the client knows no Kubernetes', 'client/x.ts', "import '@kubernetes/client-node';", imports],
  [
    'the Docker backend knows no Kubernetes',
    'activities/backends/docker/x.ts',
    "import '@kubernetes/client-node';",
    imports,
  ],

  ['activities read no environment', 'activities/x.ts', 'export const x = process.env;', environment],
  [
    'activities read no environment in other words',
    'activities/x.ts',
    "import { env } from 'node:process';\nexport const x = env;",
    imports,
  ],
  ['the store reads no environment', 'store/x.ts', 'export const { env } = process;', environment],
  ['workflows read no environment', 'workflows/x.ts', "export const x = process.env['A'];", environment],
  ['the client reads no environment', 'client/submit.ts', 'export const x = process.env;', environment],

  ['there are no default exports', 'store/x.ts', 'export default 1;', 'import-x/no-default-export'],
  [
    'types are imported as types',
    'store/x.ts',
    "import { Plan } from '../contracts/plan.ts';\nexport type X = Plan;",
    '@typescript-eslint/consistent-type-imports',
  ],
  [
    'no test runs alone',
    'test/unit/x.test.ts',
    "import { test } from 'vitest';\ntest.only('x', () => undefined);",
    'no-restricted-syntax',
  ],
])('%s', async (_, file, text, rule) => {
  expect(await rulesBroken(file, text)).toEqual([rule]);
});

test.each<[string, string, string]>([
  ['store imports contracts', 'store/x.ts', "import '../contracts/plan.ts';"],
  ['workflows import contracts', 'workflows/x.ts', "import '../contracts/plan.ts';"],
  [
    'workflows import types of activities',
    'workflows/x.ts',
    "import type { Backend } from '../activities/backends/backend.ts';\nexport type X = Backend;",
  ],
  ['workers import activities', 'workers/x.ts', "import '../activities/backends/backend.ts';"],
  [
    'the client imports types of workflows',
    'client/x.ts',
    "import type * as workflows from '../workflows/index.ts';\nexport type X = typeof workflows;",
  ],
  ['the agent command imports workers', 'scripts/commands/agent.ts', "import '../../workers/control.ts';"],
  ['the Docker backend imports dockerode', 'activities/backends/docker/x.ts', "import 'dockerode';"],
  ['images import dockerode', 'activities/images/x.ts', "import 'dockerode';"],
  [
    'the Kubernetes backend imports its client',
    'activities/backends/kubernetes/x.ts',
    "import '@kubernetes/client-node';",
  ],
  ['workers read the environment', 'workers/x.ts', 'export const x = process.env;'],
  ['the client reads the environment where it connects', 'client/connect.ts', 'export const x = process.env;'],
  ['tests import anything', 'test/unit/x.ts', "import '../../workers/control.ts';\nimport '../../store/store.ts';"],
])('%s', async (_, file, text) => {
  expect(await rulesBroken(file, text)).toEqual([]);
});
