import { searchAttribute } from '../../contracts/search-attributes.ts';

export interface ServerOptions {
  namespace: string;
  port: number;
  uiPort: number;
  /** SQLite file that outlives the server. */
  database: string;
}

const types = { KEYWORD: 'Keyword', INT: 'Int', KEYWORD_LIST: 'KeywordList' } as const;

/**
 * What our queues need of a server, each measured (design.md section 5): one partition, without which priorities do not hold; short
 * polls, so that a free place does not stay with an empty queue; fairness between users; a transfer queue that keeps up; and deletions
 * within seconds instead of minutes, as they wait for the acknowledgement of both queues.
 */
const settings: Readonly<Record<string, string>> = {
  'matching.numTaskqueueReadPartitions': '1',
  'matching.numTaskqueueWritePartitions': '1',
  'matching.longPollExpirationInterval': '"2s"',
  'frontend.enableCancelWorkerPollsOnShutdown': 'true',
  'matching.enableFairness': 'true',
  'history.transferProcessorMaxPollRPS': '200',
  'history.visibilityProcessorUpdateAckInterval': '"1s"',
  'history.transferProcessorUpdateAckInterval': '"1s"',
};

/** Arguments of `temporal`: its development server on loopback alone. */
export function serverArguments({ namespace, port, uiPort, database }: ServerOptions): string[] {
  return [
    ...['server', 'start-dev', '--namespace', namespace, '--log-level', 'error'],
    ...['--ip', '127.0.0.1', '--port', String(port), '--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)],
    ...['--db-filename', database, '--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
    ...Object.values(searchAttribute).flatMap(({ name, type }) => ['--search-attribute', `${name}=${types[type]}`]),
    ...Object.entries(settings).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
  ];
}
