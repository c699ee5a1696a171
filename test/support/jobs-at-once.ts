import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { deleteJob, jobDeletion } from '../../client/delete-job.ts';
import { ClientError } from '../../client/errors.ts';
import { createJob } from '../../client/jobs.ts';
import { readAliases } from '../../store/job-aliases.ts';
import { findJob, jobVersions } from '../../store/jobs.ts';
import type { Store } from '../../store/store.ts';

const train = { project: 'vision', name: 'train' };
const image = (name: string) => ({ source: { image: name } });
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The deletion of the whole job may have come first. */
function unlessGone(error: unknown): void {
  if (!(error instanceof ClientError && error.code === 'job-not-found')) throw error;
}

/** What holds of jobs in every store, however many create them at once. `open` gives an empty one that `clients` processes reach by its URL. */
export function jobsAtOnce(name: string, open: () => Promise<Store>, clients = 10): void {
  describe(name, () => {
    test('twenty creates at once get consecutive versions', async () => {
      const store = await open();
      const created = await Promise.all(
        numbers(20).map((i) =>
          createJob(store, image(`train:t${String(i)}`), { ...train, aliases: [`a${String(i)}`] }),
        ),
      );
      expect(created.map(({ version }) => version).sort((a, b) => a - b)).toEqual(numbers(20));
      const aliases = await readAliases(store, train);
      for (const [i, { version }] of created.entries()) expect(aliases[`a${String(i)}`]).toBe(version);
      expect((await findJob(store, { ...train, label: 'latest' })).version).toBe(19);
    });

    test('twenty creates of one content at once are one version', async () => {
      const store = await open();
      const created = await Promise.all(numbers(20).map(() => createJob(store, image('train:1'), train)));
      expect(created.map(({ version }) => version)).toEqual(Array(20).fill(0));
      expect(created.filter(({ isNew }) => isNew)).toHaveLength(1);
    });

    test('deletions among creates lose none of them, and no number is given twice', async () => {
      const store = await open();
      const remove = async (reference: string) => deleteJob(store, await jobDeletion(store, reference, 'vision'));
      await createJob(store, image('first'), train);
      const churn = numbers(10).map(async (i) => {
        const { version } = await createJob(store, image(`x${String(i)}`), { ...train, aliases: ['any'] });
        if (i % 2 === 0) await remove(`train:v${String(version)}`).catch(unlessGone);
        return version;
      });
      await remove('train').catch(unlessGone);
      const created = await Promise.all(churn);
      expect(created.sort((a, b) => a - b)).toEqual(numbers(10).map((i) => i + 1));
      expect(await createJob(store, image('last'), train)).toMatchObject({ version: 11 });
      const live = await jobVersions(store, train);
      for (const version of created.filter((one) => !live.includes(one)))
        await expect(findJob(store, { ...train, label: `v${String(version)}` })).rejects.toThrow('was deleted');
    });

    test(
      `two hundred creates of ${String(clients)} clients: consecutive versions, none lost`,
      { timeout: 60_000 },
      async () => {
        const store = await open();
        const creator = fileURLToPath(new URL('job-creator.ts', import.meta.url));
        const created = numbers(clients).map(async (i) => {
          const args = [creator, store.url, `c${String(i)}`, String(200 / clients)];
          const { stdout } = await promisify(execFile)(process.execPath, args);
          return stdout
            .trim()
            .split('\n')
            .map((line) => line.split(' '));
        });
        const versions = (await Promise.all(created)).flat();
        expect(versions.map(([version]) => Number(version)).sort((a, b) => a - b)).toEqual(numbers(200));
        expect(versions.filter(([, isNew]) => isNew !== 'true')).toEqual([]);
        const busy = { project: 'vision', name: 'busy' };
        expect(await jobVersions(store, busy)).toEqual(numbers(200));
        const images = numbers(200).map(
          async (version) => (await findJob(store, { ...busy, label: `v${String(version)}` })).record.job.source.image,
        );
        expect(new Set(await Promise.all(images)).size).toBe(200);
        const aliases = await readAliases(store, busy);
        expect(Object.keys(aliases)).toHaveLength(200 + clients + 1);
      },
    );
  });
}
