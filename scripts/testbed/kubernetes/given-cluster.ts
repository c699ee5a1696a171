import { execa, ExecaError } from 'execa';
import { unavailable } from '../unavailable.ts';

/** Makes sure that the cluster of somebody's kubeconfig answers. Changes nothing there. @throws RelaunchError */
export async function checkGivenCluster(kubeconfig: string): Promise<void> {
  try {
    await execa('kubectl', ['--kubeconfig', kubeconfig, '--request-timeout', '10s', 'get', '--raw', '/readyz']);
  } catch (error) {
    const reason = error instanceof ExecaError ? String(error.stderr).trim() || error.shortMessage : String(error);
    throw unavailable(
      `the cluster of RELAUNCH_TEST_KUBECONFIG (${kubeconfig}) does not answer to kubectl, which must be on PATH: ${reason}. Correct or unset it.`,
      error,
    );
  }
}
