import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldIssues, formatIssues } from '../../contracts/issues.ts';
import { queueSpec } from '../../contracts/queue-spec.ts';
import { substitute, variableValues, type QueueVariables } from '../../contracts/queue-variables.ts';
import { queueOf } from '../../contracts/wandb.ts';
import { parseQueue } from '../../store/queues.ts';

const variables: QueueVariables = {
  gpus: { type: 'integer', minimum: 1, maximum: 8, default: 1 },
  lr: { type: 'number' },
  tag: { type: 'string', pattern: 'v\\d+', default: 'v1' },
  pool: { type: 'string', enum: ['spot', 'fixed'], default: 'spot' },
  shared: { type: 'boolean', default: false },
};

const resolved = (given: Record<string, string | number | boolean>) => {
  const { values, issues } = variableValues(variables, { lr: 0.1, ...given }, 'a100');
  return issues.length > 0 ? formatIssues(issues) : Object.fromEntries(values);
};

describe('a variable', () => {
  test('has its default, or what a command line says, as its type has it', () => {
    expect(resolved({})).toEqual({ gpus: 1, lr: 0.1, tag: 'v1', pool: 'spot', shared: false });
    expect(resolved({ gpus: '4', lr: '2.5', tag: 'v12', pool: 'fixed', shared: 'true' })).toEqual({
      gpus: 4,
      lr: 2.5,
      tag: 'v12',
      pool: 'fixed',
      shared: true,
    });
  });

  const end = "(queues/a100.yaml). Choose another value or ask the queue's owner.";
  test.each<[Record<string, string | number | boolean>, string]>([
    [
      { gpus: 16 },
      `queue "a100": variable "gpus" is 16, allowed are 1 to 8 (queues/a100.yaml). Choose a smaller value or ask the queue's owner.`,
    ],
    [
      { gpus: 0 },
      `queue "a100": variable "gpus" is 0, allowed are 1 to 8 (queues/a100.yaml). Choose a larger value or ask the queue's owner.`,
    ],
    [{ gpus: '2.5' }, `queue "a100": variable "gpus" is "2.5", it must be of type integer ${end}`],
    [{ gpus: 2.5 }, `queue "a100": variable "gpus" is 2.5, it must be of type integer ${end}`],
    [{ gpus: '0x8' }, `queue "a100": variable "gpus" is "0x8", it must be of type integer ${end}`],
    [{ lr: 'abc' }, `queue "a100": variable "lr" is "abc", it must be of type number ${end}`],
    [{ lr: '' }, `queue "a100": variable "lr" is "", it must be of type number ${end}`],
    [{ tag: 'v1; rm -rf /' }, `queue "a100": variable "tag" is "v1; rm -rf /", allowed are what matches v\\d+ ${end}`],
    [{ tag: 3 }, `queue "a100": variable "tag" is 3, it must be of type string ${end}`],
    [{ pool: 'mine' }, `queue "a100": variable "pool" is "mine", allowed are spot, fixed ${end}`],
    [{ shared: 'yes' }, `queue "a100": variable "shared" is "yes", it must be of type boolean ${end}`],
    [
      { constructor: 1 },
      `queue "a100": variable "constructor" is 1, but the queue has no such variable: it has gpus, lr, tag, pool, shared (queues/a100.yaml). Leave it out or ask the queue's owner.`,
    ],
  ])('that is %j is refused', (given, sentence) => {
    expect(resolved(given)).toBe(sentence);
  });

  test('without a default has to be said', () => {
    expect(formatIssues(variableValues(variables, {}, 'a100').issues)).toBe(
      `queue "a100": variable "lr" is missing, of type number (queues/a100.yaml). Set it (--var lr=...) or ask the queue's owner.`,
    );
  });
});

describe('in the tree', () => {
  const put = (tree: Parameters<typeof substitute>[0], values: Record<string, string | number | boolean>) =>
    substitute(tree, new Map(Object.entries(values)));

  test('a text that is nothing but a name becomes the value, inside a longer one its text; keys stay', () => {
    expect(
      put(
        { cpus: '{{n}}', '{{n}}': ['{{ n }}', 'x{{n}}-{{s}}', { deep: '{{b}}' }], other: '{{.Name}}' },
        { n: 2, s: 'a', b: true },
      ),
    ).toEqual({
      cpus: 2,
      '{{n}}': [2, 'x2-a', { deep: true }],
      other: '{{.Name}}',
    });
  });

  test('whatever a value is, it stays a value: no structure, no second template, no key', () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.constantFrom('{{b}}', '{{a}}', '$&', '$1', '"], "x": ["', '\n  privileged: true', '__proto__', '}}{{b', '{{'),
      fc.integer(),
      fc.boolean(),
    );
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const tree = JSON.parse(
          '{"one": "{{a}}", "in": ["<{{a}}|{{b}}>"], "__proto__": {"x": "{{a}}"}, "{{a}}": 1}',
        ) as object;
        const made = put(tree as never, { a, b }) as Record<string, unknown>;
        expect(Object.keys(made)).toEqual(Object.keys(tree));
        expect(made['one']).toBe(a);
        expect(made['in']).toEqual([`<${String(a)}|${String(b)}>`]);
        expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
        expect(({} as Record<string, unknown>)['x']).toBeUndefined();
      }),
    );
  });
});

describe('the file of a queue', () => {
  const wrongWith = (queue: unknown): string => {
    const parsed = queueSpec.safeParse(queueOf(queue));
    return parsed.success ? '' : formatIssues(fieldIssues(parsed.error, queueOf(queue)));
  };
  const docker = (cpus: string) => ({ backend: 'docker', resourceArgs: { docker: { cpus } } });

  test('names a place without a variable, and a variable without a place', () => {
    expect(wrongWith(docker('{{cpus}}'))).toBe(
      'resourceArgs.docker.cpus is "{{cpus}}": {{cpus}} is no variable of the queue: declare it under variables',
    );
    expect(wrongWith({ ...docker('2'), variables: { cpus: { type: 'integer' } } })).toBe(
      'variables.cpus is {"type":"integer"}: {{cpus}} stands nowhere in resourceArgs',
    );
  });

  test.each<[object, string]>([
    [{ type: 'text' }, 'variables.cpus.type is "text": string, integer, number or boolean'],
    [{ type: 'string', minimum: 1 }, 'variables.cpus.minimum is 1: not of a variable of type string'],
    [{ type: 'integer', pattern: 'x' }, 'variables.cpus.pattern is "x": not of a variable of type integer'],
    [{ type: 'integer', minimum: 3, maximum: 2 }, 'variables.cpus.maximum is 2: not below the minimum, 3'],
    [{ type: 'integer', enum: [1, 'x'] }, 'variables.cpus.enum is [1,"x"]: values of type integer'],
    [{ type: 'integer', maximum: 8, default: 9 }, 'variables.cpus.default is 9: allowed are at most 8'],
    [{ type: 'string', pattern: '(a' }, 'variables.cpus.pattern is "(a": a regular expression of RE2'],
    [{ type: 'string', pattern: '(a)\\1' }, 'invalid escape sequence: `\\1`'],
  ])('refuses a variable that is %j', (variable, sentence) => {
    expect(wrongWith({ ...docker('{{cpus}}'), variables: { cpus: variable } })).toContain(sentence);
  });

  test('may have W&B’s words for all of it', () => {
    const wandb = {
      backend: 'local-container',
      resource_args: { 'local-container': { cpus: '{{cpus}}' } },
      template_variables: { cpus: { schema: { type: 'integer', minimum: 1, maximum: 8 }, description: 'cores' } },
      external_links: { costs: 'https://grafana.example/d/1' },
    };
    expect(parseQueue(JSON.stringify(wandb), 'q.yaml')).toMatchObject({
      backend: 'docker',
      resourceArgs: { docker: { cpus: '{{cpus}}' } },
      variables: { cpus: { type: 'integer', minimum: 1, maximum: 8, description: 'cores' } },
      links: { costs: 'https://grafana.example/d/1' },
    });
    expect(wrongWith({ ...wandb, external_links: { costs: 'javascript:alert(1)' } })).toContain(
      'a URL of http or https',
    );
    expect(wrongWith({ ...wandb, resourceArgs: {} })).toContain('resource_args');
  });
});
