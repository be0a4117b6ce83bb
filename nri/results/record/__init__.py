"""The record: what a repository keeps of finished results."""
