"""From all measurements to tables and the page."""
