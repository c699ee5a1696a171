import type { PlannedSweep } from '../../../client/index.ts';
import { plain, renderFields, renderTable } from '../../render.ts';

/** What a sweep would run, on a screen. */
export function renderPlan({ points, total, numWorkers, maxWorkers, first, seed, method }: PlannedSweep): string {
  const head = [
    ['method', method === 'random' ? `random; these are the points of --seed ${String(seed)}` : method],
    ['points', points === undefined ? 'without end' : String(points)],
    ['trials', total === undefined ? 'until it is cancelled: run_cap bounds them' : String(total)],
    ['workers', `${String(numWorkers)}, at most ${String(maxWorkers)} on this queue`],
  ];
  const names = [...new Set(first.flatMap(({ config }) => Object.keys(config)))];
  const table = renderTable(
    ['TRIAL', ...names.map((name) => plain(name).toUpperCase())],
    first.map(({ index, config }) => [String(index), ...names.map((name) => plain(JSON.stringify(config[name])))]),
  );
  return [renderFields(head), table].join('\n\n');
}
