/**
 * How a tensor of ours stands in a file for PyTorch: seen as `view`, its axes permuted by `axes`,
 * and the result called `shape`. Values never change, so the way there and back is exact.
 */
export interface FileLayout {
  readonly shape: readonly number[];
  readonly view: readonly number[];
  readonly axes: readonly number[];
}

/** Biases and everything else with one axis. */
export function vectorLayout(length: number): FileLayout {
  return { shape: [length], view: [length], axes: [0] };
}

/** A 3x3 convolution: height, width, in, out here; out, in, height, width there. */
export function convolutionLayout(from: number, to: number): FileLayout {
  return { shape: [to, from, 3, 3], view: [3, 3, from, to], axes: [3, 2, 0, 1] };
}

/**
 * A linear layer: in, out here; out, in there. After a flattening our inputs run over (height,
 * width, channel), PyTorch's over (channel, height, width).
 */
export function linearLayout(
  from: number,
  to: number,
  flattened: readonly [number, number, number] = [1, 1, from],
): FileLayout {
  return { shape: [to, from], view: [...flattened, to], axes: [3, 2, 0, 1] };
}

export function toFileLayout(data: Float32Array, layout: FileLayout): Float32Array {
  return permute(data, layout, (from, to, source, target) => {
    target[to] = source[from] ?? 0;
  });
}

export function fromFileLayout(data: Float32Array, layout: FileLayout): Float32Array {
  return permute(data, layout, (ours, theirs, source, target) => {
    target[ours] = source[theirs] ?? 0;
  });
}

function permute(
  data: Float32Array,
  { view, axes }: FileLayout,
  move: (ours: number, theirs: number, source: Float32Array, target: Float32Array) => void,
): Float32Array {
  const target = new Float32Array(data.length);
  const strides = view.map((_, axis) => view.slice(axis + 1).reduce((a, b) => a * b, 1));
  // Walk the file's order; every layout here has one axis or four.
  const sizes = axes.map((axis) => view[axis] ?? 1);
  const steps = axes.map((axis) => strides[axis] ?? 1);
  const [n0 = 1, n1 = 1, n2 = 1, n3 = 1] = sizes;
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = steps;
  let theirs = 0;
  for (let i = 0; i < n0; i++)
    for (let j = 0; j < n1; j++)
      for (let k = 0; k < n2; k++)
        for (let l = 0; l < n3; l++)
          move(i * s0 + j * s1 + k * s2 + l * s3, theirs++, data, target);
  return target;
}
