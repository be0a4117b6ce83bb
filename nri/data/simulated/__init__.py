"""Simulated systems: equations of motion and integrators."""
