// The decoder without memory: nri/model/decoders/mlp.py and layers.py. `net` are nested weights.

import { edgesOf } from "./graph.js";
import { linear, relu } from "./layers.js";

/** The next frame of x (N, D) under weights of types (E, K); a decoder of order 2 sees `before`, too. */
export function step(net, x, before, graph, nodes, skipFirst) {
  const { count, senders, receivers } = edgesOf(nodes);
  const types = graph.length / count;
  const inputs = decoderInputs(net, x, before);
  const hidden = net.output.out_fc2.bias.data.length;
  const received = new Float64Array(nodes * hidden);
  for (let k = skipFirst ? 1 : 0; k < types; k++) {
    const { sent, own } = firstLayer(net.messages, k, inputs, nodes);
    for (let edge = 0; edge < count; edge++) {
      const weight = graph[edge * types + k];
      if (weight === 0) continue;
      const message = edgeMessage(net.messages, k, sent, own, senders[edge], receivers[edge], hidden);
      const to = receivers[edge] * hidden;
      for (let h = 0; h < hidden; h++) received[to + h] += weight * message[h];
    }
  }
  const features = inputs.length / nodes;
  const first = net.output.out_fc1;
  const sums = linear(inputs, nodes, first.weight, first.bias, 0, features);
  const heard = linear(received, nodes, first.weight, null, features, hidden);
  for (let i = 0; i < sums.length; i++) sums[i] += heard[i];
  return advance(net, x, nodeChange(net, sums, nodes));
}

/** `steps` frames after x (N, D) and the frame before it, each from the last: (steps, N, D). */
export function rollOut(net, x, before, graph, nodes, skipFirst, steps) {
  const motion = new Float64Array(steps * x.length);
  let [past, now] = [before, x];
  for (let t = 0; t < steps; t++) {
    [past, now] = [now, step(net, now, past, graph, nodes, skipFirst)];
    motion.set(now, t * x.length);
  }
  return motion;
}

/** How many frames a decoder sees: the last, or two. */
export function order(net) {
  return net.messages.msg_fc1[0].weight.shape[1] / 2 / net.scaling.mean.data.length;
}

/** What the networks see of frames (rows of D) and of those before, in the decoder's units. */
export function decoderInputs(net, x, before) {
  const [mean, scale, unit] = [net.scaling.mean.data, net.scaling.scale.data, net.scaling.change.data];
  const [features, seen] = [mean.length, order(net)];
  const inputs = new Float64Array(seen * x.length);
  for (let at = 0; at < x.length; at++) {
    const d = at % features;
    const to = seen * (at - d) + d;
    inputs[to] = (x[at] - mean[d]) / scale[d];
    if (seen === 2) inputs[to + features] = Math.asinh((x[at] - before[at]) / (unit[d] > 0 ? unit[d] : 1)) / 2;
  }
  return inputs;
}

/** The shares of both ends of an edge in the first layer of type k, with the bias in `own`. */
export function firstLayer(messages, k, inputs, nodes) {
  const { weight, bias } = messages.msg_fc1[k];
  const features = inputs.length / nodes;
  return {
    sent: linear(inputs, nodes, weight, null, 0, features),
    own: linear(inputs, nodes, weight, bias, features, features),
  };
}

/** What sender j tells receiver i through an edge of type k: (H). */
export function edgeMessage(messages, k, sent, own, j, i, hidden) {
  const first = new Float64Array(hidden);
  for (let h = 0; h < hidden; h++) first[h] = Math.max(0, sent[j * hidden + h] + own[i * hidden + h]);
  return relu(linear(first, 1, messages.msg_fc2[k].weight, messages.msg_fc2[k].bias));
}

/** The node network after the sums of its first layer: (rows, H) → (rows, D). */
export function nodeChange(net, sums, rows) {
  const { out_fc2: second, out_fc3: third } = net.output;
  const hidden = relu(linear(relu(sums), rows, second.weight, second.bias));
  return linear(hidden, rows, third.weight, third.bias);
}

/** Frames and changes, rows of D, to the next frames. */
export function advance(net, x, change) {
  const unit = net.scaling.change.data;
  return Float64Array.from(x, (value, at) => value + unit[at % unit.length] * change[at]);
}
