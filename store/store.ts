/** An object as it was read: its bytes, and the version that {@link Store.replaceIfMatch} compares. */
export interface StoredObject {
  bytes: Uint8Array;
  /** Opaque; changes with every write of other bytes. */
  etag: string;
}

/**
 * Shared object storage of one entity. Keys are relative paths with `/`: `runs/<run>/plan.json`.
 * Every write is atomic: readers see the whole old or the whole new object, also after a crash.
 * All methods throw RelaunchError StoreUnavailable when the storage cannot be reached, to be tried again.
 */
export interface Store {
  /** Where it is, for people and messages: `file:///home/ada/.local/state/relaunch/store/default`, `s3://team-runs/relaunch`. */
  readonly url: string;
  get(key: string): Promise<StoredObject | undefined>;
  /** Whether there is one, without reading it. */
  has(key: string): Promise<boolean>;
  /** When it was written last; undefined where there is none. */
  modifiedAt(key: string): Promise<Date | undefined>;
  /** Keys under a prefix that ends with `/` (or '' for all), sorted. */
  list(prefix: string): Promise<string[]>;
  /** The next segment of the keys under a prefix that have more than one behind it, sorted: for `runs/` the runs. */
  folders(prefix: string): Promise<string[]>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Writes only where nothing is. Answers whether it did. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Writes only over the version `etag`. Answers whether it did; where its answer was lost on the way, whether what is there now is ours. */
  replaceIfMatch(key: string, bytes: Uint8Array, etag: string): Promise<boolean>;
  /** No error if there is none. */
  remove(key: string): Promise<void>;
}
