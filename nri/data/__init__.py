"""The trajectory file format and the programs that fill it."""
