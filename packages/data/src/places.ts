// Apart from node.ts, so that the declarations of this package need none of Node's.

/** Where a file is: a path, relative to the current directory, or a `file:` URL. */
export type FilePath = string | URL;

/** Where an optional package of data is looked for. */
export interface PackageOptions {
  /**
   * The file that the package is looked up from: the caller's `import.meta.url`. Default: the program that was
   * started, then the current directory, then this package.
   */
  from?: FilePath | null;
}
