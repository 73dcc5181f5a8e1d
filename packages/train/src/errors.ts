import { NdgradError } from '@ndgrad/core';

/** Training that went out of bounds: a loss that is no number any more. */
export class TrainingError extends NdgradError {}
