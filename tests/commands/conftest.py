"""Commands run against a fake organization, at a moment that never moves."""

import time

import pytest

from anthropic_exporter.cli import run
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from commands.spending_company import NOW, spending_company


@pytest.fixture
def company(monkeypatch, tmp_path, capsys):
    """Return what starts the company, or another organization, and gives its simulator and a way to run commands."""
    started = []
    monkeypatch.delenv("ANTHROPIC_ADMIN_API_KEY", raising=False)

    def start(switches=None, settings="", organization=None, now=NOW):
        switches = switches or Switches(visibility_delay=0)
        fake = Simulator(organization or spending_company(), switches, now=lambda: float(now))
        fake.start()
        started.append(fake)
        monkeypatch.setattr(time, "time", lambda: float(now))
        monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", fake.admin_key)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", fake.base_url)
        file = tmp_path / "exporter.yml"
        file.write_text(f"upstream: {{requests_per_minute: 0, timeout: 2s}}\n{settings}")

        def command(*arguments):
            status = run([*arguments, "--config.file", str(file), "--log.level=error"])
            told = capsys.readouterr()
            assert "sk-ant-admin01-sim" not in told.out + told.err
            return status, told.out, told.err

        return fake, command

    yield start
    for fake in started:
        fake.stop()
