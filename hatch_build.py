"""Bakes the revision into what is built: ``anthropic_exporter.revision`` reads it there."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = Path("exporter", "anthropic_exporter")
BAKED = "_revision.txt"


class BakeRevision(BuildHookInterface):
    """Adds a file with the short git hash. Not to an editable install, whose revision changes while it is installed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file, unless there is no git here or a source distribution brought one."""
        if version == "editable" or (Path(self.root) / PACKAGE / BAKED).exists():
            return
        revision = _revision(self.root)
        if revision:
            # Outside of the tree, which a build leaves as it was.
            baked = Path(tempfile.mkdtemp()) / BAKED
            baked.write_text(f"{revision}\n", encoding="ascii")
            target = PACKAGE if self.target_name == "sdist" else Path(PACKAGE.name)
            build_data["force_include"][str(baked)] = str(target / BAKED)


def _revision(root: str) -> str:
    # Not of a repository that this source only happens to lie in.
    if not (Path(root) / ".git").exists():
        return ""
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - no input
    except (OSError, subprocess.CalledProcessError):
        return ""
