import { backendContract } from '../support/backend-contract.ts';
import { kubernetesHarness } from '../support/kubernetes-harness.ts';

backendContract('kubernetes, on a real node', () => kubernetesHarness());
