"""The unit, as systemd itself reads it."""

import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from anthropic_exporter.config.flags import FLAGS
from anthropic_exporter.expose.catalogue import COLLECTORS

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


def test_there_is_room_for_the_threads_of_many_organizations():
    most = int(re.search(r"^TasksMax=(\d+)$", UNIT.read_text(), flags=re.MULTILINE)[1])
    assert most >= 20 * len(COLLECTORS)


def test_the_process_can_tell_about_itself(tmp_path):
    """Where /proc has processes only, nothing is told of this one, and rules that ask for its age stay silent."""
    (tmp_path / "self").symlink_to("/proc/self")
    without = CollectorRegistry()
    ProcessCollector(proc=str(tmp_path), registry=without)
    assert "process_start_time_seconds" not in generate_latest(without).decode()
    assert not re.search(r"^ProcSubset=", UNIT.read_text(), flags=re.MULTILINE)
