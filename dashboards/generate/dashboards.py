# ruff: noqa: INP001 - a script, not a package
"""Writes the dashboards of ``dashboards/grafana/`` and ``dashboards/grafana-import/``.

``python dashboards/generate/dashboards.py`` writes them; ``--check`` only says whether they are fresh.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from boards import claude_code, cost, exporter, keys, limits, overview, usage
from boards.importable import importable
from boards.page import text

FOLDER = Path(__file__).resolve().parent.parent
MODULES = (overview, cost, usage, keys, limits, claude_code, exporter)


def generate() -> Iterator[tuple[Path, str]]:
    """Yield each file and what belongs in it."""
    for module in MODULES:
        board = module.dashboard()
        name = f"{board['uid']}.json"
        yield FOLDER / "grafana" / name, text(board)
        yield FOLDER / "grafana-import" / name, text(importable(board))


def main(arguments: list[str]) -> int:
    """Write the files, or with ``--check`` tell which are not fresh."""
    stale = [(file, content) for file, content in generate() if _read(file) != content]
    if "--check" in arguments:
        for file, _ in stale:
            sys.stderr.write(f"{file.relative_to(FOLDER.parent)} is not fresh: make dashboards\n")
        return 1 if stale else 0
    for file, content in stale:
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return 0


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
