"""Recordings of the user's own: tables, arrays and files, cut into samples."""
