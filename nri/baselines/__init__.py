"""What NRI is compared with: static, LSTM and correlation baselines."""
