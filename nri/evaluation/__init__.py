"""What is measured of trained models and of baselines without training."""
