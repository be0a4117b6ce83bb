"""Motion capture: recordings of a skeleton, cut into samples."""
