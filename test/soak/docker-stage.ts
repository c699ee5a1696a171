import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { downDocker } from '../../scripts/testbed/docker/down.ts';
import { isDockerUp } from '../../scripts/testbed/docker/up.ts';
import { ImageScene } from '../support/image-scene.ts';
import { Findings } from './findings.ts';
import { seeded, type Random } from './random.ts';
import { eyesIn, leaveStage, playing } from './scenario.ts';
import { WorkerVictim } from './victim.ts';

export const served = 'served';

/** Where a scenario on Docker plays: the testbed's engine, and two agents that build for a queue and run it. */
export interface DockerStage {
  scene: ImageScene;
  /** It is there all the time. */
  survivor: WorkerVictim;
  victim: WorkerVictim;
  random: Random;
  findings: Findings;
  say(line: string): void;
}

export interface DockerScenario<Sizes> {
  name: string;
  play(stage: DockerStage, sizes: Sizes): Promise<void>;
}

export async function playOnDocker<Sizes>(
  scenario: DockerScenario<Sizes>,
  sizes: Sizes,
  seed: number,
  say: (line: string) => void,
): Promise<Findings> {
  const findings = new Findings();
  const wasUp = await isDockerUp();
  const scene = await ImageScene.start([served]);
  playing.add(scene.cluster);
  try {
    const { cluster } = scene;
    // Temporary files are listed as well.
    cluster.env['TMPDIR'] = join(cluster.home, 'tmp');
    for (const directory of [cluster.env['TMPDIR'], eyesIn(cluster)]) await mkdir(directory);
    const agent = async (name: string): Promise<WorkerVictim> => {
      const file = await scene.agentFile(name, {}, [served]);
      const worker = new WorkerVictim(cluster, findings, name, () => cluster.agentOf(file));
      await worker.start();
      return worker;
    };
    const [survivor, victim] = await Promise.all([agent('survivor'), agent('victim')]);
    await scenario.play({ scene, survivor, victim, random: seeded(seed), findings, say }, sizes);
  } catch (error) {
    findings.rule(false, `did not come to its end: ${error instanceof Error ? (error.stack ?? '') : String(error)}`);
  } finally {
    await leaveStage(scene.cluster, findings, seed);
    if (!wasUp) await downDocker({ say });
  }
  return findings;
}
