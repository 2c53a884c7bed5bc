"""The stream of docs/architecture.md: poll → normalise → ledger → price → expose. Nobody imports against it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "exporter" / "anthropic_exporter"

#: What anything may know: words, values and errors, none of which know anything but each other.
GROUND = {"", "durations", "errors", "records", "revision", "secrets", "status", "utc"}

#: What each room may import beside the ground and itself. Only ``service`` and the commands know all stages.
STREAM = {
    "api": set(),
    "collect": set(),
    "ledger": set(),
    "money": {"ledger"},
    "expose": {"ledger", "money"},
    "config": {"api"},  # the credential's protocol
    "web": {"config", "expose"},
    "service": {"api", "collect", "config", "expose", "ledger", "logs", "money", "web"},
    "simulate": None,  # not even the ground: its mistakes are to be its own
    "logs": set(),
}
EDGES = {"__main__", "backfill", "cli", "commands", "verify"}


def room(module):
    parts = module.split(".")
    return None if parts[0] != "anthropic_exporter" else parts[1] if len(parts) > 1 else ""


def imports(file):
    """Yield the rooms that a file imports, inside of functions too."""
    package = ["anthropic_exporter", *file.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (room(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "anthropic_exporter" else [module]
            for name in names:
                found = room(name)
                # ``from anthropic_exporter import __version__`` is of the package itself.
                yield "" if found is not None and found.startswith("__") else found


def rooms():
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        name = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for other in imports(file):
            if other is not None and other != name:
                found.setdefault("" if name == "__init__" else name, {}).setdefault(other, file)
    return found


ROOMS = rooms()


@pytest.mark.parametrize("name", STREAM)
def test_no_room_imports_against_the_stream(name):
    allowed = STREAM[name]
    against = set(ROOMS.get(name, {})) - (GROUND | allowed if allowed is not None else set())
    assert not against, {other: str(ROOMS[name][other]) for other in against}


def test_the_ground_knows_nothing_above_it():
    assert {name: set(ROOMS.get(name, {})) - GROUND for name in GROUND if set(ROOMS.get(name, {})) - GROUND} == {}


def test_every_room_is_in_the_plan():
    there = {file.relative_to(PACKAGE).parts[0].removesuffix(".py") for file in PACKAGE.rglob("*.py")} - {"__init__"}
    assert there == (GROUND - {""}) | STREAM.keys() | EDGES


@pytest.mark.parametrize("name", ["ledger", "money", "records.py", "utc.py"])
def test_the_core_reads_no_clock(name):
    """``now`` is a parameter; only the state file stamps its commits, by a clock that is one."""
    files = [PACKAGE / name] if name.endswith(".py") else sorted((PACKAGE / name).rglob("*.py"))
    edge = {"store.py", "statefile.py"}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import) and file.name not in edge:
                assert not {alias.name for alias in node.names} & {"time", "random"}, file
            if isinstance(node, ast.Attribute):
                assert (
                    node.attr not in {"now", "utcnow", "today"}
                    or not isinstance(node.value, ast.Name)
                    or (node.value.id not in {"datetime", "date", "dt"})
                ), f"{file}:{node.lineno}"
