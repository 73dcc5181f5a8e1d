import { NdgradError } from '@ndgrad/core';

/** A file, a table or a package that does not hold what it should: missing, cut short, of another format. */
export class DataError extends NdgradError {}
