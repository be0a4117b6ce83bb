"""Networks of the user's own that cannot be: no file, no class. Their files are read, not run."""

import ast
from collections.abc import Iterator

from nri.choices import DECODERS, ENCODERS
from nri.config.errors import nearest
from nri.config.identity import GIVEN_GRAPHS
from nri.own_network import class_of, is_own, own_file, read_own, short_name

__all__ = ["unusable"]


def unusable(choice: str) -> Iterator[str]:
    """What is wrong with a choice; nothing with one of the library's."""
    if not is_own(choice):
        return
    path, wanted = own_file(choice), class_of(choice)
    if not path.is_file():
        yield (
            f"{path}: there is no such file; paths are read from the directory of the results, "
            "then from that of the pipeline"
        )
        return
    try:
        tree = ast.parse(read_own(choice), str(path))
    except (OSError, ValueError, SyntaxError) as error:
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        yield f"{path}{where}: not a readable Python file ({error})"
        return
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    if wanted not in classes:
        there = f"there are: {', '.join(classes) or 'none'}"
        yield f"{path}: defines no class {wanted!r}{nearest(wanted, classes)}; {there}"
    taken = {*ENCODERS, *DECODERS, *GIVEN_GRAPHS, "none"}
    if short_name(choice) in taken:
        yield f"{path}: the class {wanted} would share its name with the library's; rename it"
