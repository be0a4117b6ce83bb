"""Encoders q(z | x): trajectories (B, N, T, D) in, logits of every edge's type (B, E, K) out."""
