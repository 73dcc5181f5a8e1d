import type { default as Koffi, LibraryHandle } from 'koffi';
import { environment, threadsWanted } from '../environment.ts';
import type { Dgemm } from './dgemm.ts';
import { faultOf } from './verify.ts';

/** A BLAS that is loaded: the file it came from, and its matrix product. */
export interface Library {
  readonly path: string;
  readonly dgemm: Dgemm;
}

const usual: Readonly<Record<string, readonly string[]>> = {
  darwin: [
    '/System/Library/Frameworks/Accelerate.framework/Accelerate',
    '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
    '/usr/local/opt/openblas/lib/libopenblas.dylib',
  ],
  win32: [
    'libopenblas.dll',
    'openblas.dll',
    'mkl_rt.2.dll',
    'mkl_rt.dll',
    'AOCL-LibBlis-Win-MT-dll.dll',
    'libblis.dll',
  ],
};

/** First those with threads. Fedora's libopenblas.so.0 is the one without, Debian's has them. */
const elsewhere: readonly string[] = [
  'libopenblasp.so.0',
  'libopenblaso.so.0',
  'libopenblas.so.0',
  'libopenblas.so',
  'libmkl_rt.so.2',
  'libmkl_rt.so',
  'libblis-mt.so',
  'libblis.so.4',
  'libblis.so',
];

/**
 * Sizes and steps are declared as wide as a pointer. They are positive and below 2³¹, so a library that counts in 32
 * bits (LP64) and one that counts in 64 (ILP64) read the same numbers, from registers and from the stack.
 */
const signature =
  'void cblas_dgemm(int order, int transA, int transB, intptr_t n, intptr_t m, intptr_t k, double alpha, ' +
  'double *a, intptr_t stepA, double *b, intptr_t stepB, double beta, double *y, intptr_t stepY)';

/** How OpenBLAS, MKL and BLIS are told their number of threads, and asked for it. */
const threadFunctions = [
  ['openblas_set_num_threads', 'openblas_get_num_threads'],
  ['MKL_Set_Num_Threads', 'MKL_Get_Max_Threads'],
  ['bli_thread_set_num_threads', 'bli_thread_get_num_threads'],
] as const;

let opened: Library | Error | undefined;

/**
 * The system's BLAS, opened at the first call: the library that the environment variable `NDGRAD_BLAS` names, else the
 * first of the usual ones (Accelerate, OpenBLAS, MKL, BLIS) that is found and computes rightly; where there is none,
 * the error that says why. The plain reference BLAS (`libblas.so.3`) is not looked for: WebAssembly is two to three
 * times faster. It computes large products with as many threads as it likes, or as `NDGRAD_THREADS` says.
 *
 * What a library does to the process can't be caught: one that was built for another processor may end it with an
 * illegal instruction, MKL ends it when one of its parts is missing. `NDGRAD_BACKEND=wasm` opens none.
 */
export function library(): Library | Error {
  opened ??= find(threadsWanted());
  return opened;
}

function find(threads: number | undefined): Library | Error {
  const koffi = loadKoffi();
  if (koffi instanceof Error) return koffi;
  const named = environment('NDGRAD_BLAS');
  const found = firstRight(named ? [named] : (usual[process.platform] ?? elsewhere), (name) =>
    open(koffi, name, threads),
  );
  if (found instanceof Error) return named ? new Error(`NDGRAD_BLAS=${found.message}`) : found;
  // Only now: what was verified is the library as it is, with all its threads.
  return {
    path: found.path,
    dgemm: found.threads === null ? found.dgemm : aloneWhereSmall(found.dgemm, found.threads),
  };
}

/** `koffi`, which calls native functions; not imported, so that browsers and bundlers never meet it. */
function loadKoffi(): typeof Koffi | Error {
  const module = globalThis.process?.getBuiltinModule?.('node:module');
  if (module === undefined) return new Error('native libraries can be opened in Node alone');
  try {
    return module.createRequire(import.meta.url)('koffi') as typeof Koffi;
  } catch (error) {
    return new Error(`koffi can't be loaded: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** The first library that can be opened and computes rightly; where there is none, what is wrong with each. */
export function firstRight<L extends Library>(names: readonly string[], open: (name: string) => L): L | Error {
  const faults = new Map<string, string[]>();
  for (const name of names) {
    let fault: string | null;
    try {
      const candidate = open(name);
      fault = faultOf(candidate.dgemm);
      if (fault === null) return candidate;
    } catch (error) {
      fault = (error as Error).message;
    }
    faults.set(fault, [...(faults.get(fault) ?? []), name]);
  }
  return new Error([...faults].map(([fault, those]) => `${those.join(', ')}: ${fault}`).join('; '));
}

/** A library as it is, and its threads, where it can be told their number. */
interface Opened extends Library {
  readonly threads: Threads | null;
}

/** @throws Error where there is no such library, or it is no CBLAS */
function open(koffi: typeof Koffi, name: string, wanted: number | undefined): Opened {
  const handle = koffi.load(name);
  const dgemm = handle.func(signature) as Dgemm;
  const threads = threadsOf(handle);
  if (threads !== null && wanted !== undefined) threads.set(wanted);
  return { path: fileOf(koffi, handle) ?? name, dgemm, threads };
}

/** The threads that a library computes with. */
export interface Threads {
  get(): number;
  set(count: number): void;
}

/** Those of a library that can be told their number; `null` for others. */
function threadsOf(handle: LibraryHandle): Threads | null {
  for (const [set, get] of threadFunctions) {
    try {
      return { set: handle.func(set, 'void', ['intptr_t']), get: handle.func(get, 'int', []) };
    } catch {
      // Another library's.
    }
  }
  return null;
}

/**
 * Products of fewer multiplications are one thread's. Others would be faster, but for tens of milliseconds thereafter they
 * look out for more, at the cost of whoever could use their cores.
 */
const SMALL = 2 ** 22;

/** A product that takes a single thread for what is small. */
export function aloneWhereSmall(dgemm: Dgemm, threads: Threads): Dgemm {
  const most = threads.get();
  if (most <= 1) return dgemm;
  let now = most;
  return (...args) => {
    const [, , , n, m, k] = args;
    const count = n * m * k < SMALL ? 1 : most;
    if (count !== now) threads.set(count);
    now = count;
    dgemm(...args);
  };
}

/** The file that the product came from, as the dynamic loader tells; `null` where it can't (on Windows). */
function fileOf(koffi: typeof Koffi, handle: LibraryHandle): string | null {
  try {
    const info = koffi.struct({ file: 'char *', base: 'void *', symbol: 'char *', address: 'void *' });
    const dladdr = koffi.load(null).func('dladdr', 'int', ['void *', koffi.out(koffi.pointer(info))]);
    const found: { file?: string } = {};
    dladdr(handle.symbol('cblas_dgemm'), found);
    return found.file ?? null;
  } catch {
    return null;
  }
}
