"""The key is in nothing that is shown, logged, kept or listed, whatever happens to it."""

import time
from pathlib import Path

import pytest

from e2e.parts import COMMAND, KEY, environment, requests_of
from e2e.script import Script

PREFIX = "sk-ant-admin01-"
#: Every piece of the key that is long enough to know it by.
PIECES = {KEY[start : start + 12].encode() for start in range(len(PREFIX), len(KEY) - 11)}


def assert_unseen(where: str, content: bytes) -> None:
    assert content, f"{where}: nothing was looked at"
    assert not [piece for piece in PIECES if piece in content], where


def told(process) -> bytes:
    return (process.folder / "stdout").read_bytes() + (process.folder / "stderr").read_bytes()


def kept(served) -> bytes:
    """Return the bytes of the state file, and of what SQLite has beside it."""
    return served.state.read_bytes() + b"".join(file.read_bytes() for file in served.state.parent.iterdir())


@pytest.mark.parametrize("kind", ["logfmt", "json"])
def test_the_key_is_nowhere(simulate, exporter, process, wait_until, tmp_path, kind):
    script = Script(time.time(), seed=9)
    simulator = simulate(script.organization, retry_after=0.1)
    served = exporter(simulator, "--log.level=debug", f"--log.format={kind}", upstream={"timeout": "1s"})
    wait_until(lambda: served.value("anthropic_up") == 1, 90)
    seen = {"metrics": served.get("/metrics").content}
    for fault in ("unauthorized", "rate_limited", "html", "truncated", "reset", "slow", "forbidden"):
        simulator.switch(faults=[fault], fault_paths=["/v1/organizations/api_keys", "/v1/organizations/cost_report"])
        wait_until(lambda fault=fault: fault in {request.fault for request in requests_of(simulator)}, 90)
        seen[f"page during {fault}"] = served.get("/").content
        seen[f"metrics during {fault}"] = served.get("/metrics").content
        wait_until(lambda: served.value("anthropic_exporter_collector_success", collector="api_keys") != 1, 90)
        simulator.switch(faults=[])
    simulator.switch(accepted_keys=["sk-ant-admin01-another"])
    wait_until(lambda: served.value("anthropic_exporter_credential_valid") == 0, 90)
    seen |= {"page": served.get("/").content, "metrics of a refused key": served.get("/metrics").content}
    seen["command line"] = Path(f"/proc/{served.process.popen.pid}/cmdline").read_bytes()
    seen["state"] = kept(served)
    assert b"apikey_" in seen["state"]
    assert served.process.stop() == 0
    seen["output"] = told(served.process)
    assert b"debug" in seen["output"]
    seen["state after the end"] = kept(served)

    file = tmp_path / "exporter.yml"
    for name, accepted in (("check", [KEY]), ("check of a refused key", ["sk-ant-admin01-another"])):
        simulator.switch(accepted_keys=accepted)
        checking = process([*COMMAND, "check", f"--config.file={file}", "--log.level=debug"], env=environment())
        checking.popen.wait(20)
        seen[name] = told(checking)
    assert b"401" in seen["check of a refused key"]
    for where, content in seen.items():
        assert_unseen(where, content)


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (["serve", f"--anthropic.admin-key={KEY}"], {}),
        (["serve", f"--anthropic.admin-key-file={KEY}"], {}),
        (["serve", "--anthropic.base-url", f"https://{KEY}@localhost"], {"ANTHROPIC_ADMIN_KEY": KEY}),
        (["serve", "--log.level", KEY], {"ANTHROPIC_ADMIN_KEY": KEY}),
        (["serve", "--state.path", "/dev/null/x"], {"ANTHROPIC_ADMIN_KEY": f"{KEY} {KEY}"}),
        ([KEY], {}),
    ],
    ids=["flag", "file-name", "url", "level", "two-keys", "command"],
)
def test_a_key_in_the_wrong_place_is_not_repeated(process, tmp_path, arguments, variables):
    started = process([*COMMAND, *arguments], env=environment(**variables), cwd=tmp_path)
    assert started.popen.wait(20) == 2
    assert_unseen(" ".join(arguments), told(started))
