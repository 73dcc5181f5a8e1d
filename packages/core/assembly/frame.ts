// Images stand in frames of zeros that hold all that windows see. Where windows are several pixels apart, the rows of a
// frame are dealt out to as many phases, so that what neighbours read lies side by side. All sizes are in bytes, but for
// `left` and the counts.

/**
 * Copies channels × rows × columns pixels into a frame, where `to` is the place of their rows, and of their first pixel
 * in a frame of one phase; in others its column is `left`.
 */
export function frame(
  from: i32, channels: i32, fromChannel: i32, rows: i32, fromRow: i32, columns: i32,
  to: i32, toChannel: i32, toRow: i32, left: i32, phases: i32, phase: i32,
): void {
  for (let c = 0; c < channels; c++, from += fromChannel, to += toChannel) {
    for (let r = 0; r < rows; r++) {
      const at = from + r * fromRow;
      const place = to + r * toRow;
      let i = 0;
      if (phases == 1) {
        for (; i < columns - 1; i += 2) v128.store(place + i * 8, v128.load(at + i * 8));
        if (i < columns) store<f64>(place + i * 8, load<f64>(at + i * 8));
      } else {
        let which = left % phases;
        let along = (left / phases) * 8;
        for (; i < columns; i++) {
          store<f64>(place + which * phase + along, load<f64>(at + i * 8));
          if (++which == phases) {
            which = 0;
            along += 8;
          }
        }
      }
    }
  }
}

/** Sets n numbers to 0. */
export function clear(at: i32, n: i32): void {
  memory.fill(at, 0, n * 8);
}
