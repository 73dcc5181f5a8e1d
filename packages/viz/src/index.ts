export { Graph, type GraphOptions, graph } from './graph.ts';
export type { Curve, HistogramsSpec, ImagesSpec, LinesSpec, PointsSpec, Report } from './reportTypes.ts';
export { RunReport, type RunReportOptions } from './report.ts';
export { type ModelOrMaker, Summary, type SummaryOptions, type SummaryRow, summary } from './summary.ts';
