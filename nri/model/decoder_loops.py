"""The loops of decoders on a CPU core: messages, block by block of edges; from them all steps of a
decoder without memory, forward and back; and where every assignment moves its receiver.

`nri.model.fused_messages`, `nri.model.fused_unroll` and `nri.model.posterior.fused_tables` say what
is computed and why. Loops that call each other stand in one file, since numba's cache, when a file
changes, forgets the functions of that file alone.
"""

import numpy as np

from nri.model.loops import compiled_loop, number, rounded

__all__ = [
    "add_messages",
    "add_shares",
    "back_to_messages",
    "back_to_shares",
    "move",
    "run",
    "run_back",
    "send_terms",
    "weigh",
]

ZERO, HALF, ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)


@compiled_loop
def add_shares(shares, k, senders, receivers, relu, h):
    """The hidden layer h = s_j + r_i, and with `relu` its positive part."""
    for row in range(len(senders)):
        sender, receiver = senders[row], receivers[row]
        for c in range(h.shape[1]):
            total = shares[sender, k, 0, c] + shares[receiver, k, 1, c]
            h[row, c] = rounded(ZERO if relu and total < 0 else total, h)  # not a number stays so


@compiled_loop
def add_messages(m, weights, receivers, relu, received, kept):
    """Add z m at the receivers, with `relu` of the positive part of m.

    Keeps m or, of a ReLU, where it is open; where nothing is kept, `kept` has no rows.
    """
    for row in range(len(receivers)):
        weight, receiver = weights[row], receivers[row]
        for c in range(m.shape[1]):
            value = number(m[row, c])
            value = ZERO if relu and value < 0 else value
            received[receiver, c] += weight * value
        if len(kept):
            for c in range(m.shape[1]):
                value = number(m[row, c])
                kept[row, c] = value > 0 if relu else value


@compiled_loop
def back_to_messages(g, kept, receivers, weights, relu, early, d, of_weights, of_b):
    """Set d = g σ' or, `early`, z g σ', and add it to ∂b; if not early, of tanh set ∂z.

    `kept` is where the ReLU was open, or tanh itself.
    """
    for row in range(len(receivers)):
        receiver, weight = receivers[row], weights[row] if early else ONE
        if relu:
            for c in range(d.shape[1]):
                d[row, c] = rounded(weight * g[receiver, c] if kept[row, c] else ZERO, d)
        else:
            product = ZERO
            for c in range(d.shape[1]):
                value = weight * g[receiver, c] * (ONE - kept[row, c] * kept[row, c])
                d[row, c] = rounded(value, d)
                product += g[receiver, c] * kept[row, c]
            if not early:
                of_weights[row] = product
        if early:
            for c in range(d.shape[1]):
                of_b[c] += number(d[row, c])


@compiled_loop
def weigh(u, h, d, b, weights, relu, of_weights, of_b):
    """Multiply u and d with z, where ∂z is wanted; of a ReLU set ∂z before; add to ∂b."""
    for row in range(len(weights)):
        weight = weights[row]
        if relu:
            product = ZERO
            for c in range(h.shape[1]):
                product += number(u[row, c]) * number(h[row, c])
                product += number(d[row, c]) * number(b[c])
            of_weights[row] = product
        for c in range(h.shape[1]):
            u[row, c] = rounded(weight * number(u[row, c]), u)
        for c in range(h.shape[1]):
            d[row, c] = rounded(weight * number(d[row, c]), d)
        for c in range(h.shape[1]):
            of_b[c] += number(d[row, c])


@compiled_loop
def back_to_shares(u, h, k, senders, receivers, relu, of_shares):
    """Add u σ' to the shares of both ends.

    One short loop after the other, each of which the compiler can turn into vectors.
    """
    for row in range(len(senders)):
        sender, receiver = senders[row], receivers[row]
        for c in range(h.shape[1]):
            value = number(h[row, c])
            slope = (ONE if value > 0 else ZERO) if relu else ONE - value * value
            u[row, c] = rounded(slope * number(u[row, c]), u)
        for c in range(h.shape[1]):
            of_shares[sender, k, 0, c] += number(u[row, c])
        for c in range(h.shape[1]):
            of_shares[receiver, k, 1, c] += number(u[row, c])


@compiled_loop
def run(x, before, net, units, sending, size, record, frames):
    """Set the frames (steps, rows, D) that follow x (rows, D), and before it `before`.

    Writes what `run_back` needs to the record; into one place if it has no more. Blocks have
    `size` edges at most. The weights of `net` are turned, as factors on the right, since BLAS is
    slower where it turns one. Classes of arguments are in `nri.model.fused_unroll`.
    """
    shares = np.empty((len(x), net.S.shape[1]), np.float32)
    layers = np.empty((2, size, len(net.C)), np.float32)
    change = np.empty(x.shape, np.float32)
    for step in range(len(frames)):
        place = step % len(record.u)
        u, received = record.u[place], record.received[place]
        a, c, out = record.a[place], record.c[place], frames[step]
        _see(x, before, units, u, record.changed[place])
        _share(u, net, shares)
        _send(shares, net, sending, layers, received, record.kept[place])
        np.dot(received, net.R, a)
        _add_product(u, net.A, a)
        _activate(a, net.bias_a)
        np.dot(a, net.C, c)
        _activate(c, net.bias_c)
        np.dot(c, net.D, change)
        for row in range(len(x)):
            for f in range(x.shape[1]):
                out[row, f] = x[row, f] + units.change[f] * (change[row, f] + net.bias_d[f])
        before, x = x, out


@compiled_loop
def _see(x, before, units, u, changed):
    """Set u, what the networks see of frames; `changed` has no columns if changes are not seen."""
    features = x.shape[1]
    for row in range(len(x)):
        for f in range(features):
            u[row, f] = (x[row, f] - units.mean[f]) * units.per_scale[f]
        for f in range(changed.shape[1]):
            value = (x[row, f] - before[row, f]) * units.per_change[f]
            size, square = abs(value), value * value
            compressed = np.log1p(size + square / (ONE + np.sqrt(ONE + square)))  # asinh
            u[row, features + f] = HALF * np.copysign(compressed, value)
            changed[row, f] = value


@compiled_loop
def _share(u, net, shares):
    """Set the shares (rows, K·2·H) of nodes in the first layer of messages."""
    for row in range(len(u)):
        for c in range(shares.shape[1]):
            shares[row, c] = net.bias_s[c]
    _add_product(u, net.S, shares)


@compiled_loop
def _add_product(few, weight, total):
    """Add the product of (rows, F) and (F, columns), where F is so small that BLAS is slow."""
    for row in range(len(few)):
        for f in range(few.shape[1]):
            value = few[row, f]
            for c in range(total.shape[1]):
                total[row, c] += value * weight[f, c]


@compiled_loop
def _activate(total, bias):
    """Add the bias to a layer (rows, H) and take the positive part."""
    for row in range(len(total)):
        for c in range(total.shape[1]):
            value = total[row, c] + bias[c]
            total[row, c] = ZERO if value < 0 else value


@compiled_loop
def _send(shares, net, sending, layers, received, kept):
    """Set the sums of messages (rows, H), and of each message what is kept."""
    ends = shares.reshape(len(shares), len(net.W), 2, layers.shape[2])
    received.fill(ZERO)
    for k in range(len(net.W)):
        for start in range(sending.first[k], sending.first[k + 1], layers.shape[1]):
            stop = min(start + layers.shape[1], sending.first[k + 1])
            senders, receivers = sending.senders[start:stop], sending.receivers[start:stop]
            h, m = layers[0, : stop - start], layers[1, : stop - start]
            add_shares(ends, k, senders, receivers, True, h)
            np.dot(h, net.W[k], m)
            for row in range(len(m)):
                for c in range(m.shape[1]):
                    m[row, c] += net.bias_w[k, c]
            weights = sending.weights[start:stop]
            add_messages(m, weights, receivers, True, received, kept[start:stop])


@compiled_loop
def run_back(net, turned, units, sending, size, record, found, gradients, of_z, g):
    """Of the gradients with respect to the frames (steps, rows, D): set that with respect to the
    first frame, g (rows, D), which comes in as zeros, and add to those of the weights and of z.

    `net` are weights as they are, `turned` those of `run`; `of_z` has no rows if it is not wanted.
    """
    layers = np.empty((3, size, len(net.C)), np.float32)
    shares = np.empty((len(g), len(net.S)), np.float32)
    of_shares, of_a = np.empty_like(shares), np.empty_like(record.a[0])
    of_received, of_c = np.empty_like(of_a), np.empty_like(of_a)
    of_u, addend = np.empty_like(record.u[0]), np.empty_like(record.u[0])
    of_change, earlier = np.empty_like(g), np.zeros_like(g)  # of the last frame but one
    for step in range(len(gradients) - 1, -1, -1):
        u, received, a, c = record.u[step], record.received[step], record.a[step], record.c[step]
        for row in range(len(g)):
            for f in range(g.shape[1]):
                g[row, f] += gradients[step, row, f]
                of_change[row, f] = g[row, f] * units.change[f]
        _add_gradients(of_change, c, found.D, found.bias_d)
        of_c.fill(ZERO)
        _add_product(of_change, net.D, of_c)
        _close(of_c, c)
        _add_gradients(of_c, a, found.C, found.bias_c)
        np.dot(of_c, net.C, of_a)
        _close(of_a, a)
        _add_gradients(of_a, received, found.R, found.bias_a)
        _add_gradients(of_a, u, found.A, np.empty(0, np.float32))
        np.dot(of_a, net.R, of_received)
        _share(u, turned, shares)
        _send_back(of_received, shares, net, sending, layers, record.kept[step], found, of_z,
                   of_shares)  # fmt: skip
        _add_gradients(of_shares, u, found.S, found.bias_s)
        np.dot(of_shares, net.S, of_u)
        np.dot(of_a, net.A, addend)
        _add(of_u, addend)
        _back_to_frames(of_u, record.changed[step], units, g, earlier)


@compiled_loop
def _add_gradients(g, inputs, of_weight, of_bias):
    """Add the gradients of a linear layer: g (rows, out), inputs (rows, in).

    Not with respect to a bias without elements.
    """
    product = np.empty_like(of_weight)
    np.dot(g.T, inputs, product)
    _add(of_weight, product)
    for row in range(len(g)):
        for c in range(len(of_bias)):
            of_bias[c] += g[row, c]


@compiled_loop
def _add(total, addend):
    """Add a matrix to another."""
    for row in range(len(total)):
        for c in range(total.shape[1]):
            total[row, c] += addend[row, c]


@compiled_loop
def _close(g, output):
    """Keep g where a ReLU with this output was open."""
    for row in range(len(g)):
        for c in range(g.shape[1]):
            g[row, c] = ZERO if output[row, c] <= 0 else g[row, c]


@compiled_loop
def _send_back(g, shares, net, sending, layers, kept, found, of_z, of_shares):
    """Set the gradient with respect to the shares, given that with respect to what was received."""
    ends = shares.reshape(len(shares), len(net.W), 2, layers.shape[2])
    of_ends = of_shares.reshape(len(shares), len(net.W), 2, layers.shape[2])
    of_shares.fill(ZERO)
    early = len(of_z) == 0
    of_weights = np.empty(0 if early else layers.shape[1], np.float32)
    for k in range(len(net.W)):
        for start in range(sending.first[k], sending.first[k + 1], layers.shape[1]):
            stop = min(start + layers.shape[1], sending.first[k + 1])
            senders, receivers = sending.senders[start:stop], sending.receivers[start:stop]
            weights, size = sending.weights[start:stop], stop - start
            h, d, u = layers[0, :size], layers[1, :size], layers[2, :size]
            add_shares(ends, k, senders, receivers, True, h)
            back_to_messages(g, kept[start:stop], receivers, weights, True, early, d,
                             of_weights, found.bias_w[k])  # fmt: skip
            np.dot(d, net.W[k], u)
            if not early:
                weigh(u, h, d, net.bias_w[k], weights, True, of_weights, found.bias_w[k])
                for row in range(size):
                    of_z[k, sending.edges[start + row]] += of_weights[row]
            back_to_shares(u, h, k, senders, receivers, True, of_ends)
            _add_gradients(d, h, found.W[k], of_weights[:0])


@compiled_loop
def _back_to_frames(of_u, changed, units, g, earlier):
    """Add the gradients with respect to the frame that u was made of, and set the one before's."""
    features = g.shape[1]
    for row in range(len(g)):
        for f in range(features):
            g[row, f] += of_u[row, f] * units.per_scale[f] + earlier[row, f]
        for f in range(changed.shape[1]):
            slope = HALF * units.per_change[f] / np.sqrt(ONE + changed[row, f] * changed[row, f])
            value = slope * of_u[row, features + f]
            g[row, f] += value
            earlier[row, f] = -value


@compiled_loop
def send_terms(shares, senders, receivers, W, b, weight, layers, terms):
    """Set the terms (K, E, H') of messages, block by block of edges."""
    for k in range(len(W)):
        for start in range(0, len(senders), layers.shape[1]):
            stop = min(start + layers.shape[1], len(senders))
            h, m = layers[0, : stop - start], layers[1, : stop - start]
            add_shares(shares, k, senders[start:stop], receivers[start:stop], True, h)
            np.dot(h, W[k], m)
            _activate(m, b[k])
            np.dot(m, weight, terms[k, start:stop])


@compiled_loop
def move(own, terms, chosen, C, bias_c, D, bias_d, layers, found):
    """Set the output (D, rows·A) for the chosen assignments (rows, A) of every receiver, or for all
    of them where none is chosen.
    """
    places, types, width = terms.shape[1] // len(own), len(terms), own.shape[1]
    left = np.empty((types ** (places // 2), width), np.float32)
    right = np.empty((types ** (places - places // 2), width), np.float32)
    count = chosen.shape[1] if chosen.shape[1] else len(left) * len(right)
    first, second = layers[0], layers[1]
    last = np.empty((len(D), len(first)), np.float32)
    filled = done = 0
    for row in range(len(own)):
        _fill_halves(own, terms, row, left, right)
        for place in range(count):
            assignment = chosen[row, place] if chosen.shape[1] else place
            i, j = assignment // len(right), assignment % len(right)
            for c in range(width):
                total = left[i, c] + right[j, c]
                first[filled, c] = ZERO if total < 0 else total
            filled += 1
            if filled == len(first) or done + filled == found.shape[1]:
                np.dot(first[:filled], C, second[:filled])
                _activate(second[:filled], bias_c)
                np.dot(D, second.T, last)
                for d in range(len(D)):
                    for n in range(filled):
                        found[d, done + n] = last[d, n] + bias_d[d]
                done, filled = done + filled, 0


@compiled_loop
def _fill_halves(own, terms, row, left, right):
    """The sums of both halves of a receiver's places; its own share is in the left ones."""
    places = terms.shape[1] // len(own)
    first, half = row * places, places // 2
    left[0] = own[row]
    _double(terms, first, first + half, left)
    right[0] = ZERO
    _double(terms, first + half, first + places, right)


@compiled_loop
def _double(terms, first, last, sums):
    """Sums[a] = sums[0] + Σ_m terms[a_m, m] of every assignment a of the places first … last."""
    count = 1
    for place in range(first, last):
        for a in range(count - 1, -1, -1):  # from the back: nothing is read after it is replaced
            for k in range(len(terms) - 1, -1, -1):
                for c in range(sums.shape[1]):
                    sums[a * len(terms) + k, c] = sums[a, c] + terms[k, place, c]
        count *= len(terms)
