import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { fillOnce } from '../../scripts/testbed/directory.ts';
import { oneAtATime } from '../../scripts/testbed/lock.ts';
import { cacheDir } from '../../scripts/testbed/place.ts';

const requirement = 'wandb==0.31.0';

/**
 * W&B's own library and what it needs, for a version of Python (`3.11`): a directory for PYTHONPATH. Fetched once, with this machine's pip,
 * 100 MB.
 */
export async function wandbLibrary(python: string): Promise<string> {
  const cache = cacheDir({ name: 'wandb' }, process.env);
  const directory = join(cache, `${requirement.replace('==', '-')}-python-${python}`);
  if (existsSync(directory)) return directory;
  const args = ['-m', 'pip', 'install', '--quiet', '--only-binary=:all:', '--python-version', python];
  await oneAtATime(
    cache,
    () => undefined,
    () =>
      fillOnce(directory, async (incoming) => {
        await execa('python3', [...args, '--target', incoming, requirement], { stdin: 'ignore' });
      }),
  );
  return directory;
}

/** Of `python3 --version`: `3.11`. */
export const minorOf = (said: string): string => /3\.\d+/.exec(said)?.[0] ?? said;

const train = `import json, os, sys
import wandb, yaml
from wandb.sdk import launch

path = 'conf/train.yaml'
before = yaml.safe_load(open(path))
launch.manage_config_file(path)

def seen():
    with wandb.init(config={'lr': 9, 'own': 1}) as run:
        config = dict(run.config, text=len(run.config['text']))
        trace = run._config['_wandb']['launch_trace_id']
        return [run.id, run.name, run.project, run.entity, config, trace, run._launch_artifact_mapping, run.settings.resume]

first = seen()
said = {'same': seen() == first, 'seen': first, 'before': before, 'file': yaml.safe_load(open(path))}
os.environ.update(WANDB_CONFIG='{', WANDB_ARTIFACTS='{')
with wandb.init(config={'lr': 9}) as run:
    print(json.dumps({**said, 'malformed': dict(run.config)}))
sys.exit(int(os.environ['RELAUNCH_RESUMED'] == '0'))
`;

/** A job that says what the library tells it, and fails the first time. */
export const wandbFiles = {
  'train.py': train,
  'conf/train.yaml': 'lr: 1.0e-3 # small\noptim: {name: adam}\nwhen: on\n',
};

const times = 12_000;
const text = 'é😀"'.repeat(times);

/** Its launch: of the library there is `PYTHONPATH`. Its configuration is cut into pieces. */
export const wandbLaunch = {
  name: 'digits',
  project: 'vision',
  entrypoint: ['python3', 'train.py'],
  runConfig: { lr: 0.1, optim: { beta: [0.9, null] }, text },
  files: { 'conf/train.yaml': { lr: 1e-7, optim: { eps: null }, word: 'off' } },
  artifacts: { data: 'team/vision/digits:v3' },
  env: { WANDB_MODE: 'offline', WANDB_SILENT: 'true' },
  retries: 1,
};

/** Its lines; what is none of its own stays text. */
export const wandbSaid = (lines: readonly string[]): unknown[] =>
  lines.map((line) => (line.startsWith('{') ? (JSON.parse(line) as unknown) : line));

const file = { lr: 0.001, optim: { name: 'adam' }, when: true };
const patched = { lr: 1e-7, optim: { name: 'adam', eps: null }, when: true, word: 'off' };

/** What they are in each of its attempts. `onDisk`: whether its file is patched before it starts, not only by the library. */
export function wandbLines(run: string, { onDisk }: { onDisk: boolean }): object[] {
  const config = { lr: 0.1, own: 1, optim: { beta: [0.9, null] }, text: 3 * times };
  return [null, 'allow'].map((resume) => ({
    same: true,
    seen: [run, 'digits', 'vision', 'default', config, run, { data: 'team/vision/digits:v3' }, resume],
    before: onDisk ? patched : file,
    file: patched,
    // W&B's T19.
    malformed: { lr: 9 },
  }));
}
