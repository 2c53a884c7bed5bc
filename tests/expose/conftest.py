import os
import shutil
import subprocess

import pytest


@pytest.fixture
def promtool():
    """Run ``promtool check metrics`` on an exposition; returns its exit status and what it said."""
    path = shutil.which("promtool")
    if path is None:
        reason = "promtool is not installed: the exposition is not checked against Prometheus' own linter"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)

    def check(exposition: bytes) -> tuple[int, str]:
        done = subprocess.run([path, "check", "metrics"], input=exposition, capture_output=True, check=False)
        return done.returncode, (done.stdout + done.stderr).decode()

    return check
