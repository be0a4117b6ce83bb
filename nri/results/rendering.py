"""Templates of the results: what each renders is said in Python, how it reads in the template."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

__all__ = ["template"]


@cache
def template(name: str, package: str = "nri.results", **options: bool) -> Template:
    """A template of `package`; a value that it lacks is an error. options: those of Jinja.

    It is compiled once: there may be thousands of cards.
    """
    environment = Environment(
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,  # type: ignore[arg-type]
    )
    return environment.get_template(name)
