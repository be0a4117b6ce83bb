"""The features of own data, for the check of a configuration without its files."""

__all__ = ["all_features"]


def all_features(settings: dict) -> tuple[str, ...]:
    """Names of the features: those of the file, then the velocities that are made of them."""
    return (*settings["features"], *(f"v{name}" for name in settings["velocities"]))
