import { NdgradError } from '@ndgrad/core';

/** A computation that can't be written as an ONNX graph; the message names the operation and where it stands. */
export class UnsupportedOpError extends NdgradError {}
