import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { backendContract } from '../support/backend-contract.ts';
import { secrets } from '../support/backend-contract-output.ts';
import { processHarness } from '../support/process-harness.ts';

// /bin/sh is dash on Debian, bash on macOS and Fedora: what the wrapper does must not depend on it.
const shells = mkdtempSync(join(tmpdir(), 'relaunch-shells-'));
afterAll(() => {
  rmSync(shells, { recursive: true });
});

for (const name of ['dash', 'bash'].filter((one) => existsSync(`/bin/${one}`))) {
  const shell = join(shells, name, 'sh');
  mkdirSync(join(shells, name));
  symlinkSync(`/bin/${name}`, shell);
  backendContract(`process, where sh is ${name}`, () => processHarness({ shell }), secrets);
}
