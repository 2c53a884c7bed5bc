# ruff: noqa: INP001 - a script, not a package
"""Copies dashboards and rules into the chart, which cannot read outside of its folder.

``python helm/sync.py`` copies them; ``--check`` only says whether the copies are fresh.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHART = ROOT / "helm" / "anthropic-exporter"
#: Folder of the chart: where its files come from. The rules are the sources with their tokens, so that thresholds
#: can be values of the chart.
SOURCES = {
    "dashboards": (ROOT / "dashboards" / "grafana", "*.json"),
    "rules": (ROOT / "dashboards" / "rules" / "source", "*.yml"),
}


def wanted() -> dict[Path, bytes]:
    """Return what the files of the chart should be."""
    return {
        CHART / folder / file.name: file.read_bytes()
        for folder, (source, pattern) in SOURCES.items()
        for file in sorted(source.glob(pattern))
    }


def present() -> dict[Path, bytes]:
    """Return what they are."""
    return {
        file: file.read_bytes() for folder, (_, pattern) in SOURCES.items() for file in (CHART / folder).glob(pattern)
    }


def main(arguments: list[str]) -> int:
    """Copy, or with ``--check`` tell which are not fresh."""
    should, are = wanted(), present()
    stale = sorted(file for file in should.keys() | are.keys() if should.get(file) != are.get(file))
    if "--check" in arguments:
        for file in stale:
            sys.stderr.write(f"{file.relative_to(ROOT)} is not fresh: run python helm/sync.py\n")
        return 1 if stale else 0
    for file in stale:
        if file in should:
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(should[file])
        else:
            file.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
