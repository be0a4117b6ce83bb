"""The page's JavaScript modules as one script, without a tool to install.

Each module becomes a function of its own, so that names do not clash, and its imports become the
values that another one returned. The script thus runs in the page and, from its own text, in a
worker.
"""

import re
from pathlib import Path

__all__ = ["STATIC", "bundle"]

STATIC = Path(__file__).parent / "static"
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:function\*?|class|const|async function) (\w+))", re.MULTILINE)


def bundle(entry: str) -> str:
    """The module `entry` of static/ and all that it imports, in the order of their needs.

    Raises ValueError for a module that imports or exports in another way, or that would end the
    script element around it.
    """
    parts: dict[str, str] = {}
    _add(entry, parts)
    return "\n".join(parts.values())


def _add(name: str, parts: dict[str, str]) -> None:
    if name in parts:
        return
    text = (STATIC / f"{name}.js").read_text(encoding="utf-8")
    for _, imported in IMPORT.findall(text):
        _add(imported, parts)
    exported = ", ".join(EXPORT.findall(text))
    body = EXPORT.sub("", IMPORT.sub(r"const {\1} = module_\2;\n", text))
    if re.search(r"^(import|export)\b|</script|<!--", body, re.MULTILINE):
        raise ValueError(f"{name}.js: what is left of its imports or exports cannot be bundled")
    parts[name] = f"const module_{name} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"
