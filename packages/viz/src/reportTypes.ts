import type { Tensor } from '@ndgrad/core';

/** A curve: its values at 0, 1, 2, …, or its points. */
export type Curve = readonly number[] | readonly (readonly [x: number, y: number])[];

/** What `Report.lines` shows. */
export interface LinesSpec {
  /** The curves by their names. */
  readonly series: Readonly<Record<string, Curve>>;
  /** What the horizontal axis is, with its unit. */
  readonly x: string;
  /** What the vertical axis is, with its unit. */
  readonly y: string;
  /** Logarithmic axes (default false); points that are not above 0 are left out there. */
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** A sentence below. */
  readonly caption?: string;
}

/** What `Report.histograms` shows: small multiples, one per group, over one horizontal axis. */
export interface HistogramsSpec {
  /** The numbers by the names of their groups; those that are not finite are counted apart. */
  readonly groups: Readonly<Record<string, ArrayLike<number>>>;
  /** What the numbers are, with their unit. */
  readonly x: string;
  /** How many bars (default 30). */
  readonly bins?: number;
  /** A sentence below. */
  readonly caption?: string;
}

/** What `Report.points` shows: points of a plane, coloured by their labels. */
export interface PointsSpec {
  readonly points: readonly { readonly x: number; readonly y: number; readonly label: number | string }[];
  /** The label that a classifier gives to each place: the decision regions. Labels are then whole numbers from 0. */
  readonly regions?: (x: number, y: number) => number;
  /** A sentence below. */
  readonly caption?: string;
}

/** What `Report.images` shows. */
export interface ImagesSpec {
  /** `[h, w]` (grey) or `[3, h, w]` (red, green, blue), each stretched from its smallest to its largest value. */
  readonly images: readonly { readonly pixels: Tensor; readonly label?: string }[];
  /** A sentence below. */
  readonly caption?: string;
}

/** The report of a run, as a lesson sees it: each call adds a section of the page, in the order of the calls. */
export interface Report {
  /** Curves in one chart. */
  lines(title: string, spec: LinesSpec): void;
  /** The distribution of each group of numbers. */
  histograms(title: string, spec: HistogramsSpec): void;
  /** Points of a plane, with the decision regions behind them where they are given. */
  points(title: string, spec: PointsSpec): void;
  /** Pictures, side by side. */
  images(title: string, spec: ImagesSpec): void;
  /** A table; numbers are shown in four significant digits. */
  table(title: string, header: readonly string[], rows: readonly (readonly (string | number)[])[]): void;
  /** A drawing made elsewhere, such as a graph's. */
  svg(title: string, svg: string, caption?: string): void;
  /** Plain text, its line breaks kept. */
  text(title: string, text: string): void;
}
