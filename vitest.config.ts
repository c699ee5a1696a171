import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Tests of a folder that start servers and processes, measure time or kill things: they wait more than they work, but not many fit a machine. */
const real = (name: string) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    globalSetup: ['./test/support/bundle-setup.ts'],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

const onTestbed = (
  what: readonly ('kubernetes' | 'docker')[],
  name: string,
  maxWorkers: number,
  groupOrder: number,
) => {
  const project = real(name);
  const globalSetup = [...project.test.globalSetup, ...what.map((each) => `./test/support/${each}-setup.ts`)];
  return { ...project, test: { ...project.test, maxWorkers, globalSetup, sequence: { groupOrder } } };
};

export default defineConfig({
  test: {
    pool: 'forks',
    allowOnly: false,
    passWithNoTests: false,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      real('workflows'),
      real('replay'),
      real('integration'),
      real('faults'),
      // They wait for Kubernetes more than they work.
      onTestbed(['kubernetes'], 'kubernetes', 3, 1),
      onTestbed(['docker', 'kubernetes'], 'mission', 3, 1),
      onTestbed(['docker'], 'docker', 3, 2),
      // One file, apart from everybody’s pods: it takes Kubernetes away from under them.
      onTestbed(['kubernetes'], 'kubernetes-faults', 3, 2),
      // One file at a time: any of them may kill the Engine, or a registry.
      onTestbed(['docker'], 'docker-faults', 1, 3),
    ],
  },
});
