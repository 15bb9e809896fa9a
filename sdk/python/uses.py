"""Finds what a skill uses and writes it down for the build: `python3 uses.py SKILL_FOLDER SDK_FOLDER`.

Which interfaces a component imports is decided by its world alone, used or not. So the build makes a world of those
that the source names: `wit/uses.wit`. The modules that it imports are listed in `skillet_uses.py`, to be loaded
while the component is built.
"""

import ast
import sys
from pathlib import Path

INTERFACES = "clock config http jobs kv llm log memory messages progress random settings skills".split()

# What of the standard library reaches the host: by the module that is imported, or by a name that is read anywhere.
LENT_BY_MODULE = {"logging": {"log", "clock"}, "random": {"random"}, "secrets": {"random"}, "time": {"clock"}}
LENT_BY_NAME = {
    "print": {"log"},
    "urandom": {"random"},
    "uuid4": {"random"},
    "uuid7": {"random", "clock"},
    "now": {"clock"},
    "today": {"clock"},
    "utcnow": {"clock"},
}
# `now` and `today` are everyday words.
NEEDS_DATETIME = {"now", "today", "utcnow"}

# Modules that the standard library imports only when a function is called.
LATE_BY_NAME = {"strptime": "_strptime"}


class Source(ast.NodeVisitor):
    """The modules that a file imports and the names that it reads."""

    def __init__(self, package):
        self.package = package
        self.modules = set()
        self.names = set()

    def visit_Import(self, node):
        self.modules.update(alias.name for alias in node.names)

    def visit_ImportFrom(self, node):
        above = self.package[: len(self.package) - node.level + 1] if node.level else []
        module = ".".join([*above, *filter(None, [node.module])])
        # An imported name may be a module of the package.
        self.modules.update(filter(None, [module, *(f"{module}.{alias.name}".strip(".") for alias in node.names)]))
        self.names.update(alias.name for alias in node.names)

    def visit_Attribute(self, node):
        self.names.add(node.attr)
        if isinstance(node.value, ast.Name) and node.value.id == "skillet" and node.attr in INTERFACES:
            self.modules.add(f"skillet.{node.attr}")
        self.generic_visit(node)

    def visit_Name(self, node):
        self.names.add(node.id)


def find(module, roots):
    """The file of a module, and the package that its own relative imports start from."""
    parts = module.split(".")
    for root in roots:
        path = root.joinpath(*parts)
        if (path / "__init__.py").is_file():
            return path / "__init__.py", parts
        if path.with_suffix(".py").is_file():
            return path.with_suffix(".py"), parts[:-1]
    return None


def read(path, package):
    try:
        tree = ast.parse(path.read_bytes(), path.name)
    except (SyntaxError, ValueError) as error:
        sys.exit(f"{path}: {error}")
    source = Source(package)
    source.visit(tree)
    return source


def uses(roots):
    """The interfaces and the modules of `skill.py` and of everything that it imports from these folders."""
    interfaces, modules, seen, waiting = set(), set(), set(), ["skill"]
    while waiting:
        module = waiting.pop()
        found = find(module, roots)
        if found is None or found[0] in seen:
            continue
        seen.add(found[0])
        source = read(*found)
        # `import a.b` loads `a` too.
        named = {".".join(parts[: at + 1]) for parts in map(lambda m: m.split("."), source.modules) for at in range(len(parts))}
        names = source.names if "datetime" in named else source.names - NEEDS_DATETIME
        interfaces.update(name for name in INTERFACES if f"skillet.{name}" in named)
        interfaces.update(*(LENT_BY_MODULE[name] for name in named & LENT_BY_MODULE.keys()))
        interfaces.update(*(LENT_BY_NAME[name] for name in names & LENT_BY_NAME.keys()))
        modules.update(named, (LATE_BY_NAME[name] for name in names & LATE_BY_NAME.keys()))
        waiting.extend(named)
    return sorted(interfaces), sorted(modules - {"__future__"})


def main(skill, sdk):
    if not (skill / "skill.py").is_file():
        sys.exit(f"there is no skill.py in {skill}")
    interfaces, modules = uses([skill, *sdk.glob("venv/lib/site-packages")])
    imports = "".join(f"  import {name};\n" for name in interfaces)
    (sdk / "wit" / "uses.wit").write_text(f"package skillet:skill@0.1.0;\n\nworld uses {{\n{imports}  export skill;\n}}\n")
    (sdk / "skillet_uses.py").write_text(f"MODULES = {modules!r}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
