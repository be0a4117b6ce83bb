// Encoders, from frames to logits of edge types: nri/model/encoders and EncoderInputs of
// nri/model/nri.py. `net` are nested weights, named as in the state of the torch module.

import { edgesOf } from "./graph.js";
import { batchNorm, elu, linear, pairLinear, relu, softmax, sumIncoming } from "./layers.js";

/** Probabilities (E, K) of each edge's type, from normalised frames x (N, T, D). */
export function encode(model, x, frames) {
  return softmax(encoderLogits(model, x, frames), model.types);
}

/** Logits (E, K), the mean of both directions where interactions are mutual. */
export function encoderLogits(model, x, frames) {
  const { nodes, types, undirected } = model;
  const inputs = encoderInputs(model.weights.graph.inputs, x, nodes, frames);
  const net = model.weights.graph.encoder;
  const embed = { "node-cnn": alignedCnn, cnn: pairCnn }[model.encoder];
  const logits = embed ? cnnHead(net, embed(net.cnn, inputs, nodes, frames), nodes) : mlpEncoder(net, inputs, nodes);
  if (!undirected) return logits;
  const { reverse } = edgesOf(nodes);
  return logits.map((value, at) => {
    const edge = Math.floor(at / types);
    return (value + logits[reverse[edge] * types + (at % types)]) / 2;
  });
}

/** The features alone or, of a model that has their units, standardised and with their changes. */
function encoderInputs(units, x, nodes, frames) {
  if (!units) return x;
  const features = x.length / (nodes * frames);
  const [mean, scale, median] = [units.mean.data, units.scale.data, units.median_change.data];
  const result = new Float64Array(2 * x.length);
  for (let row = 0; row < nodes * frames; row++) {
    for (let d = 0; d < features; d++) {
      const value = x[row * features + d];
      const change = row % frames === 0 ? 0 : value - x[(row - 1) * features + d];
      result[2 * row * features + d] = (value - mean[d]) / scale[d];
      result[(2 * row + 1) * features + d] = Math.asinh(change / median[d]) / 2;
    }
  }
  return result;
}

/** The paper's MLP encoder. */
function mlpEncoder(net, x, nodes) {
  const own = mlp(net.mlp1, linear(x, nodes, net.mlp1.fc1.weight, net.mlp1.fc1.bias));
  const edges = mlp(net.mlp2, pairLinear(own, nodes, net.mlp2.fc1.weight, net.mlp2.fc1.bias));
  const hidden = nodeMlp(net.mlp3, edges, nodes);
  return edgeLogits(net, net.mlp4, hidden, edges, nodes);
}

/** What the CNN encoders do with the vectors of pairs. */
function cnnHead(net, pairs, nodes) {
  const { count } = edgesOf(nodes);
  const edges = mlp(net.mlp1, linear(pairs, count, net.mlp1.fc1.weight, net.mlp1.fc1.bias));
  return edgeLogits(net, net.mlp3, nodeMlp(net.mlp2, edges, nodes), edges, nodes);
}

/** The rest of MLP after its first layer's sums: ELU, linear, ELU, batch normalisation. */
function mlp(net, first) {
  const rows = first.length / net.fc1.bias.data.length;
  return batchNorm(elu(linear(elu(first), rows, net.fc2.weight, net.fc2.bias)), net.bn);
}

/** From edges to nodes: the sum over senders, divided by N. */
function nodeMlp(net, edges, nodes) {
  const received = sumIncoming(edges, nodes).map((value) => value / nodes);
  return mlp(net, linear(received, nodes, net.fc1.weight, net.fc1.bias));
}

/** From nodes and edges to logits. */
function edgeLogits(net, last, hidden, edges, nodes) {
  const pairs = mlp(last, pairLinear(hidden, nodes, last.fc1.weight, last.fc1.bias, edges));
  return linear(pairs, edgesOf(nodes).count, net.fc_out.weight, net.fc_out.bias);
}

const KERNEL = 5;
const STRIDE = 4;

/** AlignedCNN of the encoder node-cnn: (N, T, D) → (E, H). */
function alignedCnn(net, x, nodes, frames) {
  const features = x.length / (nodes * frames);
  const { count } = edgesOf(nodes);
  const times = Math.floor((frames - KERNEL) / STRIDE) + 1;
  const hidden = net.conv2.bias.data.length;
  const total = new Float64Array(count * hidden);
  for (let time = 0; time < times; time++) {
    const windows = windowsAt(x, nodes, frames, features, time * STRIDE);
    const pairs = batchNorm(relu(pairLinear(windows, nodes, net.conv1.weight, net.conv1.bias)), net.bn1);
    const second = relu(linear(pairs, count, net.conv2.weight, net.conv2.bias));
    for (let i = 0; i < total.length; i++) total[i] += second[i] / times;
  }
  return batchNorm(total, net.bn2);
}

/** Five frames of every row of x (rows, T, D) from `start`, feature by feature: (rows, 5 D). */
function windowsAt(x, rows, frames, features, start) {
  const result = new Float64Array(rows * features * KERNEL);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let d = 0; d < features; d++) {
      for (let k = 0; k < KERNEL; k++) result[at++] = x[(row * frames + start + k) * features + d];
    }
  }
  return result;
}

/** The paper's PairCNN: (N, T, D) → (E, H). */
function pairCnn(net, x, nodes, frames) {
  const features = x.length / (nodes * frames);
  const { count, senders, receivers } = edgesOf(nodes);
  const hidden = net.conv_predict.bias.data.length;
  const result = new Float64Array(count * hidden);
  for (let edge = 0; edge < count; edge++) {
    const pair = new Float64Array(2 * frames * features);
    for (let t = 0; t < frames; t++) {
      for (let d = 0; d < features; d++) {
        pair[2 * t * features + d] = x[(senders[edge] * frames + t) * features + d];
        pair[(2 * t + 1) * features + d] = x[(receivers[edge] * frames + t) * features + d];
      }
    }
    const first = halve(batchNorm(relu(convolve(net.conv1, pair)), net.bn1), net.conv1.bias.data.length);
    const second = batchNorm(relu(convolve(net.conv2, first)), net.bn2);
    const length = second.length / hidden;
    const attention = softmax(linear(second, length, flat(net.conv_attention.weight), net.conv_attention.bias), length);
    const predicted = linear(second, length, flat(net.conv_predict.weight), net.conv_predict.bias);
    for (let t = 0; t < length; t++) {
      for (let h = 0; h < hidden; h++) {
        result[edge * hidden + h] += (predicted[t * hidden + h] * attention[t]) / length;
      }
    }
  }
  return result;
}

/** A convolution of kernel 5 over a sequence (T, C): (T - 4, H). */
function convolve(layer, sequence) {
  const channels = layer.weight.shape[1];
  const length = sequence.length / channels - KERNEL + 1;
  const result = new Float64Array(length * layer.weight.shape[0]);
  for (let t = 0; t < length; t++) {
    const window = windowsAt(sequence, 1, 0, channels, t);
    result.set(linear(window, 1, flat(layer.weight), layer.bias), t * layer.weight.shape[0]);
  }
  return result;
}

/** The larger of each two neighbours in time: (T, C) → (T/2, C). */
function halve(sequence, channels) {
  const length = Math.floor(sequence.length / channels / 2);
  const result = new Float64Array(length * channels);
  for (let t = 0; t < length; t++) {
    for (let c = 0; c < channels; c++) {
      result[t * channels + c] = Math.max(sequence[2 * t * channels + c], sequence[(2 * t + 1) * channels + c]);
    }
  }
  return result;
}

/** The weight of a convolution (H, C, k) as a matrix (H, C k). */
function flat({ shape, data }) {
  return { shape: [shape[0], data.length / shape[0]], data };
}
