// Layers of networks in evaluation mode, on rows of numbers: nri/model/message_passing.py and
// nri/model/encoders/layers.py. A weight is {shape, data}, as nri/results/explorer/weights.py packs it.

import { edgesOf } from "./graph.js";

const EPSILON = 1e-5; // of batch normalisation, torch's default

/**
 * x (rows, width) times the columns [start, start + width) of a weight (out, in), plus a bias or null:
 * (rows, out).
 */
export function linear(x, rows, weight, bias, start = 0, width = weight.shape[1]) {
  const [out, stride] = weight.shape;
  const w = weight.data;
  const result = new Float64Array(rows * out);
  for (let row = 0; row < rows; row++) {
    const from = row * width;
    let o = 0;
    // Four outputs at a time: each number of x is loaded once for them, and the sums overlap.
    for (; o + 4 <= out; o += 4) {
      const a = o * stride + start;
      const b = a + stride;
      const c = b + stride;
      const d = c + stride;
      let p = 0;
      let q = 0;
      let r = 0;
      let s = 0;
      for (let i = 0; i < width; i++) {
        const value = x[from + i];
        p += value * w[a + i];
        q += value * w[b + i];
        r += value * w[c + i];
        s += value * w[d + i];
      }
      const to = row * out + o;
      result[to] = p;
      result[to + 1] = q;
      result[to + 2] = r;
      result[to + 3] = s;
    }
    for (; o < out; o++) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += x[from + i] * w[o * stride + start + i];
      result[row * out + o] = sum;
    }
    if (bias) for (o = 0; o < out; o++) result[row * out + o] += bias.data[o];
  }
  return result;
}

/** PairLinear: nodes (N, F) and, where given, edges (E, G) → (E, out). */
export function pairLinear(nodes, count, weight, bias, edges = null) {
  const features = nodes.length / count;
  const out = weight.shape[0];
  const sent = linear(nodes, count, weight, null, 0, features);
  const received = linear(nodes, count, weight, bias, features, features);
  const { count: total, senders, receivers } = edgesOf(count);
  const width = edges ? edges.length / total : 0;
  const result = edges
    ? linear(edges, total, weight, null, 2 * features, width)
    : new Float64Array(total * out);
  for (let edge = 0; edge < total; edge++) {
    const j = senders[edge] * out;
    const i = receivers[edge] * out;
    for (let o = 0; o < out; o++) result[edge * out + o] += sent[j + o] + received[i + o];
  }
  return result;
}

/** The sum over the edges into each node: (E, H) → (N, H). */
export function sumIncoming(edges, nodes) {
  const { count, receivers } = edgesOf(nodes);
  const width = edges.length / count;
  const result = new Float64Array(nodes * width);
  for (let edge = 0; edge < count; edge++) {
    const to = receivers[edge] * width;
    for (let i = 0; i < width; i++) result[to + i] += edges[edge * width + i];
  }
  return result;
}

/** Positive parts, in place. */
export function relu(x) {
  for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] = 0;
  return x;
}

/** The exponential linear unit, in place. */
export function elu(x) {
  for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] = Math.expm1(x[i]);
  return x;
}

/** Batch normalisation with the statistics of the training, in place; `bn` has its four vectors. */
export function batchNorm(x, bn) {
  const width = bn.weight.data.length;
  for (let i = 0; i < width; i++) {
    const scale = bn.weight.data[i] / Math.sqrt(bn.running_var.data[i] + EPSILON);
    const shift = bn.bias.data[i] - bn.running_mean.data[i] * scale;
    for (let at = i; at < x.length; at += width) x[at] = x[at] * scale + shift;
  }
  return x;
}

/** Softmax of each group of `width` numbers, in place. */
export function softmax(x, width) {
  for (let from = 0; from < x.length; from += width) {
    let top = -Infinity;
    let sum = 0;
    for (let i = 0; i < width; i++) top = Math.max(top, x[from + i]);
    for (let i = 0; i < width; i++) sum += x[from + i] = Math.exp(x[from + i] - top);
    for (let i = 0; i < width; i++) x[from + i] /= sum;
  }
  return x;
}
