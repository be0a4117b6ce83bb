"""All measurements in two tables, and from them the tables beside the paper and the page."""
