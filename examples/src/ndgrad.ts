import { main } from 'ndgrad';
import { course } from './lessons.ts';

process.exitCode = await main(process.argv.slice(2), { name: 'pnpm ndgrad', lessons: course });
