import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const devRecord = z.object({
  /** host:port of its Temporal server. */
  address: z.string(),
  /** Of its Web UI. */
  uiUrl: z.string(),
  namespace: z.string(),
  /** Of `relaunch dev` itself. */
  pid: z.int(),
  /** Of its Temporal server, which a killed dev leaves behind. */
  serverPid: z.int(),
});

/** `<home>/dev.json`: where the `relaunch dev` of this home answers. It is how other commands find it. */
export type DevRecord = z.infer<typeof devRecord>;

const devRecordPath = (home: string): string => join(home, 'dev.json');

/** What a `relaunch dev` of this home has written, whether it still lives or not. Undefined where there is nothing readable. */
export function readDevRecord(home: string): DevRecord | undefined {
  try {
    return devRecord.safeParse(JSON.parse(readFileSync(devRecordPath(home), 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Atomic: readers see a whole record or none. */
export function writeDevRecord(home: string, record: DevRecord): void {
  const temporary = `${devRecordPath(home)}.${String(process.pid)}`;
  writeFileSync(temporary, `${JSON.stringify(record)}\n`);
  renameSync(temporary, devRecordPath(home));
}

export function removeDevRecord(home: string): void {
  rmSync(devRecordPath(home), { force: true });
}
