import { backendContract } from '../support/backend-contract.ts';
import { dockerHarness } from '../support/docker-harness.ts';

backendContract('docker', () => dockerHarness());
