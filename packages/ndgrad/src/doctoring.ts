import { doctorObserver, type FitObserver, type FitRun } from '@ndgrad/train';

/** A search trains many models; so many are examined. */
const RUNS = 4;

/** Examines the first training runs of a lesson before they start. */
export class Doctoring implements FitObserver {
  private runs = 0;
  private readonly doctor: FitObserver;

  constructor(print: (line: string) => void, signal: AbortSignal) {
    // Below the line in which progress may be shown.
    this.doctor = doctorObserver((text) => print(`\n${text}\n`), { signal });
  }

  async start(run: FitRun): Promise<void> {
    this.runs++;
    if (this.runs <= RUNS) await this.doctor.start!(run);
  }

  /** What there is to say at the end; nothing where every run was examined. */
  get notes(): string[] {
    if (this.runs === 0) return ['doctor: not asked, for this example trains in a loop of its own'];
    return this.runs > RUNS ? [`doctor: examined the first ${RUNS} of ${this.runs} training runs`] : [];
  }
}
