# ruff: noqa: INP001 - a script, not a package
"""Writes the rule files of ``dashboards/rules/`` from their sources, with the thresholds put in.

``python dashboards/generate/rules.py`` writes them; ``--check`` only says whether they are fresh.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

RULES = Path(__file__).resolve().parent.parent / "rules"
NAMES = ("anthropic-recording.yml", "anthropic-alerts.yml")
_TOKEN = re.compile(r"@([a-z0-9_]+)@")
_HEADER = "# Generated from source/{name} and source/thresholds.yml by dashboards/generate/rules.py. Change those.\n"


def thresholds(folder: Path = RULES) -> dict[str, str]:
    """Return the value of every token, as it is written."""
    document = yaml.safe_load((folder / "source" / "thresholds.yml").read_text())
    return {name: str(value) for name, value in document.items()}


def fill(source: str, values: Mapping[str, str]) -> str:
    """Put values in for tokens.

    Raises:
        KeyError: a token has no value.
    """
    return _TOKEN.sub(lambda token: values[token[1]], source)


def generate(folder: Path = RULES) -> dict[str, str]:
    """Return the text of each rule file by its name."""
    values = thresholds(folder)
    return {name: _HEADER.format(name=name) + fill((folder / "source" / name).read_text(), values) for name in NAMES}


def main(arguments: list[str]) -> int:
    """Write the files, or with ``--check`` tell which are not fresh."""
    stale = [name for name, text in generate().items() if _read(RULES / name) != text]
    if "--check" in arguments:
        for name in stale:
            sys.stderr.write(f"dashboards/rules/{name} is not fresh: run python dashboards/generate/rules.py\n")
        return 1 if stale else 0
    for name, text in generate().items():
        (RULES / name).write_text(text)
    return 0


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
