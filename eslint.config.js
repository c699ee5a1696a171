import { builtinModules } from 'node:module';
import { defineConfig, globalIgnores } from 'eslint/config';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Which rooms a room may import from, itself and packages aside: design.md section 3. Whatever is not named is refused. */
const rooms = {
  contracts: [],
  search: [],
  store: ['contracts'],
  workflows: ['contracts', 'search', 'activities'],
  activities: ['contracts', 'search', 'store'],
  workers: ['contracts', 'store', 'workflows', 'activities'],
  client: ['contracts', 'search', 'store', 'workflows'],
  scripts: ['contracts', 'store', 'client'],
};

/** The scripts that run workers, and may import them. */
const workerScripts = [
  'quickstart.ts',
  ...['agent', 'control', 'dev'].flatMap((name) => [`${name}.ts`, `commands/${name}.ts`]),
];

/** The one that builds an image as agents do. */
const buildingScript = 'testbed/docker/agent-image.ts';

/**
 * @param {string} room
 * @param {readonly string[]} allowed
 * @returns {import('eslint').Linter.RulesRecord}
 */
const border = (room, allowed) => ({
  'import-x/no-restricted-paths': [
    'error',
    {
      zones: [
        {
          target: `./${room}`,
          from: '.',
          except: ['./node_modules', ...[room, ...allowed].map((each) => `./${each}`)],
          message: `${room}/ imports ${allowed.join(', ') || 'nothing of ours'} (design.md section 3).`,
        },
      ],
    },
  ],
});

const dockerode = {
  name: 'dockerode',
  message: 'Only activities/backends/docker and activities/images know dockerode.',
};
const clientNode = {
  name: '@kubernetes/client-node',
  message: 'Only activities/backends/kubernetes knows the Kubernetes client.',
};
const environment = {
  name: 'node:process',
  importNames: ['env'],
  message: 'The environment is read at the edges only.',
};

/** Code that must run the same anywhere, also in the workflow sandbox. */
const impure = {
  regex: `^(node:.*|(${builtinModules.join('|')})(/.*)?|@temporalio/(client|worker|activity|testing))$`,
  message: 'This room is pure and workflow-safe: no Node built-ins, no client, no worker.',
};

/** @param {string} room */
const typesOnly = (room) => ({
  regex: `(^|/)${room}/`,
  allowTypeImports: true,
  message: `Of ${room}/ only types may be imported here.`,
});

/**
 * Where the presets fight code that is safe: `||` for empty text from the environment, thrown reasons of signals, callbacks
 * whose value nobody takes, enumerations of protobuf, methods of objects made by functions.
 * @satisfies {import('eslint').Linter.RulesRecord}
 */
const style = {
  eqeqeq: ['error', 'smart'],
  'no-control-regex': 'error',
  '@typescript-eslint/consistent-type-definitions': 'off',
  '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
  '@typescript-eslint/no-confusing-void-expression': [
    'error',
    { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
  ],
  '@typescript-eslint/no-extraneous-class': 'off',
  '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
  '@typescript-eslint/no-unsafe-enum-assignment': 'off',
  '@typescript-eslint/no-unsafe-enum-comparison': 'off',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
  '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
  '@typescript-eslint/unbound-method': 'off',
};

/**
 * @param {object[]} paths
 * @param {object[]} patterns
 * @returns {import('eslint').Linter.RulesRecord}
 */
const forbidImports = (paths, patterns = []) => ({
  '@typescript-eslint/no-restricted-imports': ['error', { paths, patterns }],
});

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'examples/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  importX.flatConfigs.typescript,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.cjs'] })] },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      ...style,
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'The environment is read in workers/, scripts/ and client/connect.ts.',
        },
      ],
      ...forbidImports([dockerode, clientNode, environment]),
    },
  },
  Object.entries(rooms).map(([room, allowed]) => ({ files: [`${room}/**`], rules: border(room, allowed) })),
  { files: workerScripts.map((file) => `scripts/${file}`), rules: border('scripts', [...rooms.scripts, 'workers']) },
  { files: [`scripts/${buildingScript}`], rules: border('scripts', [...rooms.scripts, 'activities']) },
  { files: ['contracts/**', 'search/**'], rules: forbidImports([dockerode, clientNode], [impure]) },
  { files: ['workflows/**'], rules: forbidImports([dockerode, clientNode], [impure, typesOnly('activities')]) },
  { files: ['client/**'], rules: forbidImports([dockerode, clientNode, environment], [typesOnly('workflows')]) },
  {
    files: ['activities/backends/docker/**', 'activities/images/**'],
    rules: forbidImports([clientNode, environment]),
  },
  { files: ['activities/backends/kubernetes/**'], rules: forbidImports([dockerode, environment]) },
  {
    files: ['workers/**', 'scripts/**', 'client/connect.ts', 'test/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['test/**'],
    rules: {
      ...forbidImports([]),
      'no-restricted-syntax': [
        'error',
        { selector: 'MemberExpression[property.name="only"]', message: 'A test that runs alone hides all others.' },
      ],
    },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: ['*.config.{js,ts}'], rules: { 'import-x/no-default-export': 'off' } },
);
