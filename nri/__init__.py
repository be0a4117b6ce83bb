"""Neural Relational Inference (Kipf et al., ICML 2018): the library behind the pipeline."""

__version__ = "0.2.0"
