/** Between images and the windows that are their columns. */
type Columns = (
  x: number,
  channels: number,
  height: number,
  width: number,
  kernelRows: number,
  kernelColumns: number,
  strideRows: number,
  stride: number,
  dilationRows: number,
  dilation: number,
  top: number,
  left: number,
  rows: number,
  columns: number,
  inColumns: number,
) => void;

/** Sums over windows along a dim, and their gradients. */
type Means = (
  outer: number,
  size: number,
  inner: number,
  windows: number,
  starts: number,
  ends: number,
  step: number,
  x: number,
  y: number,
) => void;

/** Between maps and the places of their maxima. */
type Places = (planes: number, size: number, windows: number, x: number, positions: number, y: number) => void;

/** The functions of assembly/index.ts. Addresses are in bytes, counts and strides in elements. */
export interface Functions {
  freeFrom(threads: number): number;
  multiply(
    n: number,
    m: number,
    k: number,
    a: number,
    aRow: number,
    aColumn: number,
    b: number,
    bRow: number,
    bColumn: number,
    y: number,
    yRow: number,
    yColumn: number,
    start: number,
    startRow: number,
    startColumn: number,
  ): void;
  useRoom(thread: number): void;
  /** And so the other elementwise functions, by the names of their kernels; those of one operand have no second. */
  add(n: number, a: number, aPeriod: number, b: number, bPeriod: number, y: number): void;
  relu(n: number, x: number, xPeriod: number, y: number): void;
  /** Sets n numbers to 0. */
  clear(at: number, n: number): void;
  correlateImages(plan: number, images: number, image: number, y: number, frame: number, tile: number): void;
  poolImages(
    plan: number,
    pool: number,
    images: number,
    image: number,
    y: number,
    positions: number,
    frame: number,
    tile: number,
    room: number,
  ): void;
  weightsOfImages(
    plan: number,
    images: number,
    image: number,
    g: number,
    frame: number,
    sums: number,
    bias: number,
  ): void;
  scatteredGradients(
    scene: number,
    images: number,
    image: number,
    gradient: number,
    values: number,
    positions: number,
    frame: number,
    list: number,
    sums: number,
    bias: number,
    weights: number,
  ): void;
  readonly fold: Columns;
  readonly unfold: Columns;
  windowMax(
    planes: number,
    height: number,
    width: number,
    x: number,
    rows: number,
    tops: number,
    bottoms: number,
    rowStep: number,
    columns: number,
    lefts: number,
    rights: number,
    step: number,
    y: number,
    positions: number,
  ): void;
  windowMaxOfFour(
    planes: number,
    height: number,
    width: number,
    x: number,
    rows: number,
    columns: number,
    y: number,
    positions: number,
  ): void;
  readonly windowPick: Places;
  readonly windowDrop: Places;
  readonly windowSum: Means;
  readonly windowSpread: Means;
  sumAround(outer: number, kept: number, inner: number, gap: number, x: number, y: number): void;
  squaresAround(outer: number, kept: number, inner: number, gap: number, x: number, mean: number, y: number): void;
  productsAround(
    outer: number,
    kept: number,
    inner: number,
    gap: number,
    x: number,
    mean: number,
    g: number,
    sums: number,
    products: number,
  ): void;
  normalize(
    outer: number,
    kept: number,
    inner: number,
    gap: number,
    x: number,
    mean: number,
    scale: number,
    shift: number,
    y: number,
  ): void;
  normalizeGradient(
    outer: number,
    kept: number,
    inner: number,
    gap: number,
    g: number,
    x: number,
    mean: number,
    scale: number,
    shift: number,
    slope: number,
    y: number,
  ): void;
  softmaxLoss(n: number, classes: number, inner: number, x: number, labels: number, e: number, y: number): void;
  softmaxLossGradient(
    n: number,
    classes: number,
    inner: number,
    g: number,
    gStep: number,
    x: number,
    labels: number,
    y: number,
  ): void;
  adam(
    n: number,
    w: number,
    m: number,
    v: number,
    top: number,
    g: number,
    kept: number,
    added: number,
    sign: number,
    beta1: number,
    beta2: number,
    rate: number,
    root: number,
    eps: number,
  ): void;
  sgdMomentum(
    n: number,
    w: number,
    v: number,
    g: number,
    lr: number,
    momentum: number,
    share: number,
    weightDecay: number,
    sign: number,
    nesterov: number,
    look: number,
  ): void;
}

/** A function's name, with its arguments. */
export type Call = { [Name in keyof Functions]: readonly [Name, ...Parameters<Functions[Name]>] }[keyof Functions];
