import subprocess

import pytest


@pytest.fixture
def promtool():
    """Run ``promtool check metrics`` on an exposition; returns its exit status and what it said."""

    def check(exposition: bytes) -> tuple[int, str]:
        done = subprocess.run(["promtool", "check", "metrics"], input=exposition, capture_output=True, check=False)
        return done.returncode, (done.stdout + done.stderr).decode()

    return check
