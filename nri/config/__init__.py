"""Settings: declared, resolved and checked; what a job depends on."""
