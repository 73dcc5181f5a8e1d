import { afterEach, describe, expect, it, vi } from 'vitest';
import { backend } from '../src/index.ts';
import { library } from '../src/kernels/blas/library.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** The package as it is imported where only these variables are set. */
async function importedWith(variables: Record<string, string>) {
  const unset = { NDGRAD_BACKEND: '', NDGRAD_BLAS: '', NDGRAD_THREADS: '' };
  for (const [name, value] of Object.entries({ ...unset, ...variables })) vi.stubEnv(name, value);
  vi.resetModules();
  const nd = await import('../src/index.ts');
  return {
    ...nd,
    product: () =>
      nd
        .matmul(nd.ones([2, 3]), nd.ones([3, 2]))
        .sum()
        .item(),
  };
}

describe('backend', () => {
  it('says what runs, and why', () => {
    const wanted = process.env.NDGRAD_BACKEND;
    if (wanted) {
      expect(backend().name).toBe(wanted);
      expect(backend().reason).toMatch(/^NDGRAD_BACKEND asks for it/);
      return;
    }
    const blas = library();
    expect(backend()).toEqual(
      blas instanceof Error
        ? { name: 'wasm', reason: `blas can't run here: ${blas.message}` }
        : { name: 'blas', reason: `found ${blas.path}` },
    );
  });

  it.each(['reference', 'wasm'])('is %s where NDGRAD_BACKEND asks for it', async (name) => {
    const nd = await importedWith({ NDGRAD_BACKEND: name });
    expect(nd.product()).toBe(12);
    expect(nd.backend()).toEqual({ name, reason: 'NDGRAD_BACKEND asks for it' });
  });

  it('refuses a name that it does not know', async () => {
    const nd = await importedWith({ NDGRAD_BACKEND: 'wsam' });
    const message =
      'NDGRAD_BACKEND: the value must be one of "blas", "wasm", "reference", got "wsam". Did you mean "wasm"?';
    expect(nd.backend).toThrow(message);
    expect(nd.product).toThrow(message);
  });

  it('opens no BLAS before the first product', async () => {
    const nd = await importedWith({});
    const wants = vi.spyOn(process, 'getBuiltinModule');
    nd.relu(nd.ones([1000]).add(1)).sum();
    expect(wants).not.toHaveBeenCalledWith('node:module');
    nd.product();
    expect(wants).toHaveBeenCalledWith('node:module');
  });
});

describe('without a BLAS', () => {
  /** A library that every system has, and that is no BLAS. */
  const other = { darwin: '/usr/lib/libSystem.B.dylib', win32: 'kernel32.dll' }[process.platform as string];

  it('WebAssembly computes, and the reason tells of a path where nothing is', async () => {
    const nd = await importedWith({ NDGRAD_BLAS: '/no/such/library' });
    expect(nd.product()).toBe(12);
    expect(nd.backend().name).toBe('wasm');
    expect(nd.backend().reason).toMatch(/^blas can't run here: NDGRAD_BLAS=\/no\/such\/library: \S/);
  });

  it('the reason tells of a library that is none', async () => {
    const nd = await importedWith({ NDGRAD_BLAS: other ?? 'libm.so.6' });
    expect(nd.product()).toBe(12);
    expect(nd.backend().reason).toMatch(/^blas can't run here: NDGRAD_BLAS=.+: Cannot find function 'cblas_dgemm'/);
  });

  it('the reason tells of a missing koffi', async () => {
    const nd = await importedWith({});
    const createRequire = () => () => {
      throw new Error("Cannot find module 'koffi'\nRequire stack: …");
    };
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ createRequire } as never);
    expect(nd.product()).toBe(12);
    expect(nd.backend().reason).toBe("blas can't run here: koffi can't be loaded: Cannot find module 'koffi'");
  });

  it('the reason tells of a browser', async () => {
    const nd = await importedWith({});
    vi.stubGlobal('process', undefined);
    const [product, { reason }] = [nd.product(), nd.backend()];
    vi.unstubAllGlobals();
    expect(product).toBe(12);
    expect(reason).toBe("blas can't run here: native libraries can be opened in Node alone");
  });

  it('NDGRAD_BACKEND=blas is an error that says why', async () => {
    const nd = await importedWith({ NDGRAD_BACKEND: 'blas', NDGRAD_BLAS: '/no/such/library' });
    const message = /^NDGRAD_BACKEND: blas can't run here: NDGRAD_BLAS=\/no\/such\/library: \S/;
    for (const use of [nd.backend, nd.product]) {
      expect(use).toThrow(nd.ArgumentError);
      expect(use).toThrow(message);
    }
  });
});

it.each(['many', '0', '1.5'])('NDGRAD_THREADS=%s is refused', async (NDGRAD_THREADS) => {
  const nd = await importedWith({ NDGRAD_THREADS });
  expect(nd.product).toThrow(/^NDGRAD_THREADS: the number of threads must be a whole number of at least 1, got /);
});

it('NDGRAD_THREADS=1 computes the same', async () => {
  const [one, any] = [await importedWith({ NDGRAD_THREADS: '1' }), await importedWith({})];
  const [x, y] = [one, any].map((nd) => nd.arange(100 * 100).reshape([100, 100])); // sums of whole numbers are exact
  expect(one.matmul(x!, x!).toArray()).toEqual(any.matmul(y!, y!).toArray());
});
