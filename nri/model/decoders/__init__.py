"""Decoders, one step of motion under a graph; their contract is `nri.model.decoders.decoder`."""
