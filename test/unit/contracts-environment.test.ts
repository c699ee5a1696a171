import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutVariable } from '../../contracts/cut-variable.ts';
import { jobEnvironment } from '../../contracts/environment.ts';
import type { Plan } from '../../contracts/plan.ts';

const plan: Plan = {
  run: 'digits-abcdefgh',
  workflowId: 'digits-abcdefgh',
  firstRunId: '00000000-0000-0000-0000-000000000000',
  name: 'digits',
  project: 'vision',
  entity: 'team',
  queue: 'gpu',
  backend: 'process',
  requeue: { max: 5, on: [] },
  retries: 0,
  gracePeriodMs: 60_000,
  timeoutsMs: {},
  agentTimeoutMs: 600_000,
  specDigest: '0'.repeat(64),
  source: { code: { digest: '0'.repeat(64) } },
  entrypoint: ['python', 'train.py'],
  args: [],
  runConfig: { lr: 0.1 },
  env: {},
  resourceArgs: {},
  priorityKey: 3,
  tags: [],
};

const environmentOf = (change: Partial<Plan>, attempt = 1, checkpointDir?: string) =>
  jobEnvironment({ plan: { ...plan, ...change }, attempt, checkpointDir });

test('a first attempt finds its run, its configuration and the words of W&B', () => {
  expect(environmentOf({}, 1, '/checkpoints')).toEqual({
    RELAUNCH_RUN_ID: 'digits-abcdefgh',
    RELAUNCH_RUN_NAME: 'digits',
    RELAUNCH_ATTEMPT: '1',
    RELAUNCH_QUEUE: 'gpu',
    RELAUNCH_PROJECT: 'vision',
    RELAUNCH_CONFIG: '{"lr":0.1}',
    RELAUNCH_RESUMED: '0',
    RELAUNCH_CHECKPOINT_DIR: '/checkpoints',
    WANDB_RUN_ID: 'digits-abcdefgh',
    WANDB_NAME: 'digits',
    WANDB_PROJECT: 'vision',
    WANDB_ENTITY: 'team',
    WANDB_LAUNCH: 'True',
    WANDB_CONFIG: '{"lr":0.1}',
    WANDB_LAUNCH_QUEUE_NAME: 'gpu',
    WANDB_LAUNCH_QUEUE_ENTITY: 'team',
    WANDB_LAUNCH_TRACE_ID: 'digits-abcdefgh',
  });
});

test('a later attempt knows that it goes on', () => {
  expect(environmentOf({}, 2)).toMatchObject({ RELAUNCH_ATTEMPT: '2', RELAUNCH_RESUMED: '1', WANDB_RESUME: 'allow' });
});

test('without a place for checkpoints there is no such variable', () => {
  expect(environmentOf({})).not.toHaveProperty('RELAUNCH_CHECKPOINT_DIR');
});

test("the submitter's variables are there, and cannot stand in for the launcher's", () => {
  const environment = environmentOf({ env: { TOKEN: 't', RELAUNCH_ATTEMPT: '9', RELAUNCH_CONFIG: '{}' } });
  expect(environment).toMatchObject({ TOKEN: 't', RELAUNCH_ATTEMPT: '1', RELAUNCH_CONFIG: '{"lr":0.1}' });
});

test('changes of files and artifacts are there in W&B’s words, where there are any', () => {
  const environment = environmentOf({ files: { 'a.json': { lr: 1 } }, artifacts: { data: 'team/vision/digits:v3' } });
  expect(environment).toMatchObject({
    WANDB_LAUNCH_FILE_OVERRIDES: '{"a.json":{"lr":1}}',
    WANDB_ARTIFACTS: '{"data":"team/vision/digits:v3"}',
  });
  const cut = environmentOf({ files: { 'a.json': configOf(32_671 - '{"a.json":}'.length) } });
  expect(cut['WANDB_LAUNCH_FILE_OVERRIDES_0']).toHaveLength(32_670);
  expect(cut['WANDB_LAUNCH_FILE_OVERRIDES_1']).toBe('}');
});

test("W&B's T18: above 12 characters a configuration of 39 is cut into four", () => {
  const config = '{"epochs": 12, "optimizer": "adamw_hf"}';
  expect(Object.entries(cutVariable('WANDB_CONFIG', config, 12))).toEqual([
    ['WANDB_CONFIG_0', '{"epochs": 1'],
    ['WANDB_CONFIG_1', '2, "optimize'],
    ['WANDB_CONFIG_2', 'r": "adamw_h'],
    ['WANDB_CONFIG_3', 'f"}'],
  ]);
});

/** A configuration whose JSON has this many characters. */
const configOf = (length: number) => ({ a: 'x'.repeat(length - '{"a":""}'.length) });

test('WANDB_CONFIG is cut above 32,670 characters', () => {
  expect(environmentOf({ runConfig: configOf(32_670) })['WANDB_CONFIG']).toHaveLength(32_670);
  const cut = environmentOf({ runConfig: configOf(32_671) });
  expect(cut).not.toHaveProperty('WANDB_CONFIG');
  expect(cut['WANDB_CONFIG_0']).toHaveLength(32_670);
  expect(cut['WANDB_CONFIG_1']).toHaveLength(1);
  expect(environmentOf({ runConfig: configOf(2 * 32_670) })).not.toHaveProperty('WANDB_CONFIG_2');
  expect(cut['RELAUNCH_CONFIG']).toHaveLength(32_671);
});

test('RELAUNCH_CONFIG is cut where Linux would not take it', () => {
  expect(environmentOf({ runConfig: configOf(131_000) })['RELAUNCH_CONFIG']).toHaveLength(131_000);
  const cut = environmentOf({ runConfig: { a: 'é'.repeat(65_500) } });
  expect(cut).not.toHaveProperty('RELAUNCH_CONFIG');
  expect(cut['RELAUNCH_CONFIG_0']).toBe(cut['WANDB_CONFIG_0']);
  expect(cut['RELAUNCH_CONFIG_2']).toHaveLength(65_508 - 2 * 32_670);
});

test('the pieces of any configuration make it whole again, also byte by byte', () => {
  fc.assert(
    fc.property(
      fc.nat(3),
      fc.string({ unit: fc.constantFrom('a', 'é', '😀'), minLength: 30_000, maxLength: 90_000 }),
      (shift, text) => {
        const runConfig = { ['k'.repeat(shift)]: text };
        const environment = environmentOf({ runConfig });
        const pieces = Object.entries(environment).filter(([name]) => name.startsWith('WANDB_CONFIG'));
        const bytes = pieces.map(([, piece]) => Buffer.from(piece));
        expect(Buffer.concat(bytes).toString('utf8') === JSON.stringify(runConfig)).toBe(true);
        for (const [, piece] of pieces) expect(piece.length).toBeLessThanOrEqual(32_670);
      },
    ),
    { numRuns: 20 },
  );
});
