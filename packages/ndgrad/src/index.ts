export { main } from './main/main.ts';
export { type Project, type ProjectData, project } from './main/project.ts';
export type { Setting } from './main/setting.ts';
