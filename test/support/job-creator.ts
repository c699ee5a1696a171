import { createJob } from '../../client/jobs.ts';
import { openStore } from '../../store/open-store.ts';

/** Another client: `node job-creator.ts URL WHO COUNT` creates so many different versions of one job, and prints their numbers. */
const [url = '', who = '', count = '0'] = process.argv.slice(2);
const store = openStore(url);
const naming = { project: 'vision', name: 'busy', aliases: [`of-${who}`, 'any'] };

for (let i = 0; i < Number(count); i++) {
  const { version, isNew } = await createJob(store, { source: { image: `train:${who}-${String(i)}` } }, naming);
  process.stdout.write(`${String(version)} ${String(isNew)}\n`);
}
