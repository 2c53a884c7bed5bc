"""The stack of ``deploy/compose/`` without containers: the same files, laid out as they would be mounted."""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from dashboards.rulefiles import ROOT

COMPOSE = ROOT / "deploy" / "compose"


def services() -> dict[str, Any]:
    """Return the services of the compose file."""
    return yaml.safe_load((COMPOSE / "compose.yml").read_text())["services"]


def mounts(service: str) -> Iterator[tuple[Path, str]]:
    """Yield what a service mounts, and where."""
    for volume in services()[service].get("volumes", []):
        source, target, mode = volume.split(":")
        assert mode == "ro"
        yield (COMPOSE / source).resolve(), target


def lay_out(service: str, folder: Path, replacements: Mapping[str, str] | None = None) -> Path:
    """Copy what a service mounts under a folder, and return it. ``replacements`` are made in its configuration."""
    for source, target in mounts(service):
        copy = folder / target.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy)
            continue
        text = source.read_text()
        for old, new in (replacements or {}).items():
            text = text.replace(old, new)
        copy.write_text(text)
    return folder


def hurry(folder: Path) -> None:
    """Make the rules of a laid-out Prometheus wait a second where they wait minutes or hours."""
    for file in (folder / "etc/prometheus/rules").glob("anthropic-*.yml"):
        text = re.sub(r"^( +)(for|interval): \w+$", r"\1\2: 1s", file.read_text(), flags=re.MULTILINE)
        file.write_text(text)


def prometheus_command(folder: Path, port: int) -> list[str]:
    """Return the command of the compose file with the paths and the address of this machine."""
    return [
        "prometheus",
        *_here(services()["prometheus"]["command"], folder),
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]


def alertmanager_command(folder: Path, port: int) -> list[str]:
    """Return the command of the compose file with the paths and the address of this machine."""
    name = next(name for name in ("prometheus-alertmanager", "alertmanager") if shutil.which(name))
    return [
        name,
        *_here(services()["alertmanager"]["command"], folder),
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]


def _here(arguments: list[str], folder: Path) -> list[str]:
    return [re.sub(r"=/", f"={folder}/", argument) for argument in arguments]
