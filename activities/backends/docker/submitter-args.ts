import type { Args, ArgsRules } from '../../../contracts/merge-queue.ts';
import type { Resources } from '../../../contracts/resources.ts';
import { inOneSpelling, readQueueFlags, readSubmitterFlags } from './flags/read-flags.ts';

/** What else of a launch says the same as a flag. */
const sameAs: Readonly<Record<string, readonly string[]>> = {
  command: ['args'],
  'cpu-period': ['resources', 'cpu'],
  'cpu-quota': ['resources', 'cpu'],
  cpus: ['resources', 'cpu'],
  env: ['env'],
  gpus: ['resources', 'gpu'],
  memory: ['resources', 'memory'],
  'memory-swap': ['resources', 'memory'],
  workdir: ['workingDir'],
};

/** What submitters may set of a container: flags of `docker run`, as W&B's launch agent has them. */
export const dockerSubmitters: ArgsRules = {
  overlayOf: (given) => {
    const read = readSubmitterFlags(given);
    return 'issues' in read ? read : { overlay: inOneSpelling(given) };
  },
  opened: (flag) => (Object.hasOwn(sameAs, flag) ? [sameAs[flag] ?? []] : []),
  merge: (base, { resources, overlay }) => {
    const flags = inOneSpelling(base);
    const merged: Args = { ...without(flags, resources), ...flagsOf(resources), ...overlay };
    const [own, over] = [flags['env'], overlay['env']];
    if (own !== undefined && over !== undefined) merged['env'] = { ...variablesOf(own), ...variablesOf(over) };
    const read = readQueueFlags(merged);
    return 'issues' in read ? read : { args: merged };
  },
};

function flagsOf({ cpu, memory, gpu }: Resources): Args {
  return {
    ...(cpu === undefined ? {} : { cpus: cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(gpu === undefined || gpu === 0 ? {} : { gpus: gpu }),
  };
}

/** A share of the machine takes the place of what the queue says in other words. */
function without(flags: Args, { cpu, memory, gpu }: Resources): Args {
  const replaced = [
    ...(cpu === undefined ? [] : ['cpu-period', 'cpu-quota']),
    ...(memory === undefined ? [] : ['memory-swap', 'memory-reservation']),
    ...(gpu === undefined ? [] : ['gpus']),
  ];
  return Object.fromEntries(Object.entries(flags).filter(([flag]) => !replaced.includes(flag)));
}

function variablesOf(env: Args[string]): Record<string, string> {
  const read = readSubmitterFlags({ env });
  return 'settings' in read ? { ...read.settings.env } : {};
}
