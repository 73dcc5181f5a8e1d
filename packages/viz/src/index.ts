export { Graph, type GraphOptions, graph } from './graph.ts';
export type { Curve, HistogramsSpec, ImagesSpec, LinesSpec, PointsSpec, Report } from './reportTypes.ts';
