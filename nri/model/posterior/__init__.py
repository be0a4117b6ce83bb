"""The posterior of the latent graph from the decoder's likelihood, and training by it.

An encoder is an amortised guess at p(z | x). The posterior itself is in the decoder:

    p(z | x) ∝ p(z) Π_t p(x_{t+1} | x_t, z)

with the likelihood that the decoder was trained with and the one-step transitions of the
observed frames. Sizes: B batch, N nodes, T frames, D features, W transitions, E = N(N-1)
directed edges, P = E/2 pairs, K edge types, A = K^(N-1) assignments of types to the edges into
one receiver, G = K^P undirected graphs.
"""
