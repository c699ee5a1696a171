import { RelaunchError } from '../../contracts/failures.ts';

export const refused = (message: string): RelaunchError => new RelaunchError('LaunchRejected', message);
