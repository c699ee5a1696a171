import { stringify } from 'yaml';
import { mergeQueue, saidIn } from '../../contracts/merge-queue.ts';
import { launchSpec } from '../../contracts/launch-spec.ts';
import { parseQueue } from '../../store/queues.ts';
import { spreadOf, type Spread } from './statistics.ts';

const lines = 500;
const variables = 30;

/** A queue's file of 500 lines with 30 variables, read and merged with a launch that sets all of them, as at each resolve; in ms. */
export function measureResolve(samples: number): Spread {
  const names = Array.from({ length: variables }, (_, i) => `v${String(i)}`);
  const env = Array.from({ length: lines / 2 }, (_, i) => ({
    name: `N${String(i)}`,
    value: `{{v${String(i % variables)}}}-x`,
  }));
  const file = stringify({
    backend: 'kubernetes',
    variables: Object.fromEntries(names.map((name) => [name, { type: 'string', pattern: '[a-z0-9]{1,20}' }])),
    resourceArgs: { kubernetes: { spec: { template: { spec: { containers: [{ name: 'main', env }] } } } } },
  });
  const input = {
    queue: 'big',
    source: { image: 'busybox' },
    variables: Object.fromEntries(names.map((name) => [name, 'value1'])),
  };
  const once = (): number => {
    const since = performance.now();
    const queue = parseQueue(file, 'queues/big.yaml');
    const { issues } = mergeQueue({ spec: launchSpec.parse(input), said: saidIn(input) }, queue);
    if (issues.length > 0) throw new Error(JSON.stringify(issues[0]));
    return performance.now() - since;
  };
  for (let i = 0; i < 5; i++) once();
  return spreadOf(Array.from({ length: samples }, once));
}
