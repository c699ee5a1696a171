import { backendContract } from '../support/backend-contract.ts';
import { secrets } from '../support/backend-contract-output.ts';
import { dockerHarness } from '../support/docker-harness.ts';

backendContract('docker', () => dockerHarness(), secrets);
