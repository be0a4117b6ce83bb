"""What is known of own data without its files, for the check of a configuration too."""

__all__ = ["ARRAY_SUFFIXES", "DATASET_SUFFIXES", "TABLE_SUFFIXES", "all_features"]

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")
ARRAY_SUFFIXES = (".npz", ".npy")
DATASET_SUFFIXES = (".h5", ".hdf5")


def all_features(settings: dict) -> tuple[str, ...]:
    """Names of the features: those of the file, then the velocities that are made of them."""
    return (*settings["features"], *(f"v{name}" for name in settings["velocities"]))
