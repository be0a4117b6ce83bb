"""What is measured: a module for each metric, and the table of them."""
