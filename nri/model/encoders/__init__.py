"""Encoders, from trajectories to edge types; their contract is `nri.model.encoders.encoder`."""
