"""Encoders, decoders, the latent graph between them, and NRI itself."""
