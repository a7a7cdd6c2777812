"""Who imports whom in a package, read from its sources without running them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

Graph = Mapping[str, set[str]]


def read_package(folder: Path) -> dict[str, str]:
    """The source of every module by its dotted name; a package's own is its `__init__`."""
    sources = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        sources[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return sources


@cache
def imported_names(source: str, *, for_types: bool = True) -> frozenset[str]:
    """Every dotted name that a file imports, at its top or inside a function.

    `from a import b` gives `a.b`: whether b is a module or a name in one is for the reader to tell.

    Args:
        for_types: Also what only a type checker imports, under `if TYPE_CHECKING`.
    """
    found: set[str] = set()
    todo: list[ast.AST] = [ast.parse(source)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"an import that names no package: line {node.lineno}")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING") and not for_types:
            todo.extend(node.orelse)
        else:
            todo.extend(ast.iter_child_nodes(node))
    return frozenset(found)


def import_graph(sources: Mapping[str, str], *, for_types: bool = True) -> Graph:
    """The modules that each module imports, among `sources`.

    The root's version is no edge: it is a constant that is set before the root imports anything, and everybody may ask
    for it.
    """
    root = min(sources, key=len)
    graph: dict[str, set[str]] = {name: set() for name in sources}
    for name, source in sources.items():
        for imported in imported_names(source, for_types=for_types):
            if imported == f"{root}.__version__":
                continue
            target = imported if imported in sources else imported.rpartition(".")[0]
            if target in sources and target != name:
                graph[name].add(target)
    return graph


def circles(graph: Graph) -> list[list[str]]:
    """Every largest set of modules that import each other, directly or through others, by Tarjan's algorithm."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found = []

    def visit(name: str) -> None:
        order[name] = lowest[name] = len(order)
        path.append(name)
        for target in graph[name]:
            if target not in order:
                visit(target)
            if target in path:
                lowest[name] = min(lowest[name], lowest[target])
        if lowest[name] == order[name]:
            circle = path[path.index(name) :]
            del path[path.index(name) :]
            if len(circle) > 1:
                found.append(sorted(circle))

    for name in graph:
        if name not in order:
            visit(name)
    return sorted(found)
