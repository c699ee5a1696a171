/** What we use of a package that ships no types: locks of the kernel that belong to an open file and end with it. */
declare module 'fs-native-extensions' {
  /** Takes the exclusive lock of a file that is open for writing. False: somebody else has it. */
  export function tryLock(fd: number): boolean;
}
