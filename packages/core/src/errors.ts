/** The parent of every error that ndgrad throws on purpose: bad input, never a bug of ours. */
export class NdgradError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** Shapes that do not fit each other or the operation. */
export class ShapeError extends NdgradError {}

/** A dim outside `[-ndim, ndim)`, or named twice. */
export class DimError extends NdgradError {}

/** An index or a class label outside its range, or not a whole number. */
export class IndexError extends NdgradError {}

/** An argument of the wrong kind or value: an unknown option, NaN where a number is needed, a negative size. */
export class ArgumentError extends NdgradError {}

/** A gradient that can't be computed: a graph that is gone, a value that was changed, a root that is no scalar. */
export class GradError extends NdgradError {}
