import { NdgradError } from '@ndgrad/core';

/** Training that went out of bounds: a loss that is no number any more. */
export class TrainingError extends NdgradError {}

/** A checkpoint that can't be written, read or gone on from. Training itself went well until then. */
export class CheckpointError extends NdgradError {}
