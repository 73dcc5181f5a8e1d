// The command `pnpm train`: runs the lessons that are numbered in this folder.
import { runCommand } from 'ndgrad/command';
import { course, defaultLesson } from './lessons.ts';

process.exitCode = await runCommand(course, process.argv.slice(2), { defaultLesson });
