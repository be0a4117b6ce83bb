"""The paper's simulated systems: springs, charged particles, Kuramoto oscillators."""
