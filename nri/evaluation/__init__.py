"""Trained models and baselines on test splits: metrics, posteriors, examples, inferred graphs."""
