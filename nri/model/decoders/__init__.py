"""Decoders p(x_{t+1} | x_t, z): one step of motion under a graph (paper §3.3).

Every decoder is called as `prediction, state = decoder(x, edges, state)` with x (..., N, D)
one frame, edges (..., E, K) the weight of each type on each edge, and a state that is None at
the first step and stays None for decoders without memory.
"""
