"""The unit, as systemd itself reads it."""

import re
import subprocess
from pathlib import Path

import pytest

from anthropic_exporter.config.flags import FLAGS

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "systemd" / "anthropic-exporter.service"
#: systemd counts from 0 (locked) to 10; the rest is what a program that talks to the network has to have.
MOST_EXPOSED = 1.5


def analyze(*words):
    command = ["systemd-analyze", *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.needs("systemd-analyze")
def test_systemd_understands_every_line(tmp_path):
    copy = tmp_path / UNIT.name
    # What it starts is not installed here, and would be all that is complained of.
    copy.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.MULTILINE))
    done = analyze("verify", "--man=no", copy)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.needs("systemd-analyze")
def test_the_service_is_locked_down():
    done = analyze("security", "--offline=true", "--no-pager", UNIT)
    level = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert float(level[1]) <= MOST_EXPOSED


def test_the_key_comes_as_a_credential_and_settings_have_their_names():
    text = UNIT.read_text()
    assert "LoadCredential=admin-key:" in text
    assert "Environment=ANTHROPIC_ADMIN_KEY_FILE=%d/admin-key" in text
    known = {flag.environment for flag in FLAGS}
    assert set(re.findall(r"^Environment=(\w+)=", text, flags=re.MULTILINE)) <= known
