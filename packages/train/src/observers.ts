import type { BatchRecord, EpochRecord, FitObserver, FitRun } from './records.ts';

/** Several observers as one: each is told in its turn, and waited for. */
export class Observers {
  private readonly onStart: FitObserver[];
  private readonly onBatch: FitObserver[];
  private readonly onEpoch: FitObserver[];
  private readonly onStop: FitObserver[];

  constructor(observers: readonly FitObserver[]) {
    this.onStart = observers.filter(({ start }) => start);
    this.onBatch = observers.filter(({ batch }) => batch);
    this.onEpoch = observers.filter(({ epoch }) => epoch);
    this.onStop = observers.filter(({ stop }) => stop);
  }

  async start(run: FitRun): Promise<void> {
    for (const observer of this.onStart) await observer.start!(run);
  }

  /** Nothing to wait for where nobody wants to know. */
  batch(record: BatchRecord): Promise<void> | undefined {
    return this.onBatch.length === 0 ? undefined : this.tellBatch(record);
  }

  private async tellBatch(record: BatchRecord): Promise<void> {
    for (const observer of this.onBatch) await observer.batch!(record);
  }

  async epoch(record: EpochRecord): Promise<void> {
    for (const observer of this.onEpoch) await observer.epoch!(record);
  }

  /** Every one is told, also where another fails, whose error comes at the end. */
  async stop(): Promise<void> {
    const told = await Promise.allSettled(this.onStop.map(async (observer) => observer.stop!()));
    for (const result of told) if (result.status === 'rejected') throw result.reason;
  }
}
