export type { Curve, HistogramsSpec, ImagesSpec, LinesSpec, PointsSpec, Report } from '@ndgrad/viz';
