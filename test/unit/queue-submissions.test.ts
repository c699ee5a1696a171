import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkDockerArgs } from '../../activities/backends/docker/queue-args.ts';
import { dockerSubmitters } from '../../activities/backends/docker/submitter-args.ts';
import { checkKubernetesArgs } from '../../activities/backends/kubernetes/queue-args.ts';
import { kubernetesSubmitters } from '../../activities/backends/kubernetes/submitter-args.ts';
import { noSubmitterArgs } from '../../activities/backends/no-submitter-args.ts';
import { checkProcessArgs } from '../../activities/backends/process/resource-args.ts';
import { formatIssues } from '../../contracts/issues.ts';
import { launchSpec } from '../../contracts/launch-spec.ts';
import { mergeQueue, saidIn } from '../../contracts/merge-queue.ts';
import { queueSpec } from '../../contracts/queue-spec.ts';
import { sampleValues, substitute } from '../../contracts/queue-variables.ts';
import { parseQueue } from '../../store/queues.ts';
import { queues, submissions } from '../support/submissions.ts';

const rules = { docker: dockerSubmitters, kubernetes: kubernetesSubmitters, process: noSubmitterArgs('process') };
const checks = { docker: checkDockerArgs, kubernetes: checkKubernetesArgs, process: checkProcessArgs };

const examples = new URL('../../examples/queues/', import.meta.url);

test('there are sixty submissions against ten queues', () => {
  expect(submissions).toHaveLength(60);
  expect(new Set(submissions.map(([, queue]) => queue))).toEqual(new Set(Object.keys(queues)));
  expect(Object.keys(queues)).toHaveLength(10);
});

test.each(submissions)('%s on %s', (_, name, said, expected) => {
  const queue = queueSpec.parse(queues[name]);
  const backend = queue.backend as keyof typeof rules;
  const source = backend === 'process' ? { code: { digest: 'a'.repeat(64) } } : { image: 'localhost:1/train:v1' };
  const entrypoint = backend === 'process' ? ['python', 'train.py'] : [];
  const input = { queue: name, user: 'ada', source, entrypoint, ...said };
  const asked = { spec: launchSpec.parse(input), said: saidIn(input) };
  const { resourceArgs, issues } = mergeQueue(asked, queue, rules[backend]);
  expect(issues.length > 0 ? formatIssues(issues) : resourceArgs).toEqual(expected);
  if (issues.length === 0) expect(checks[backend](resourceArgs)).toEqual([]);
});

test.each(readdirSync(examples).filter((name) => name.endsWith('.yaml')))('the example %s is a queue', (name) => {
  const { backend, resourceArgs, variables } = parseQueue(readFileSync(new URL(name, examples), 'utf8'), name);
  const { values } = sampleValues(variables);
  expect(checks[backend as keyof typeof checks](substitute(resourceArgs[backend] ?? {}, values))).toEqual([]);
});
