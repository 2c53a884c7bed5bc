import os
import socket
import sys
import urllib.request

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.com", 80)])
def test_a_test_cannot_leave_this_machine(address):
    with socket.socket() as out, pytest.raises(pytest.fail.Exception, match="tests contact this machine only"):
        out.connect(address)


def test_a_test_cannot_look_a_name_up():
    with pytest.raises(pytest.fail.Exception, match=r"not example\.com"):
        urllib.request.urlopen("http://example.com/", timeout=1)


def test_a_test_can_talk_to_itself(free_port):
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), socket.create_connection(("localhost", port)) as client:
        assert client.getpeername()[1] == port


def test_a_process_is_ended_with_its_test(process, wait_until):
    started = process([sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)"])
    wait_until(lambda: "up" in started.stdout)
    assert started.stop() == -15
    with pytest.raises(ProcessLookupError):
        os.kill(started.popen.pid, 0)


def test_waiting_ends(wait_until):
    with pytest.raises(pytest.fail.Exception, match=r"not true within 0\.05 s"):
        wait_until(lambda: False, timeout=0.05)


pytest_plugins = ["pytester"]


@pytest.mark.parametrize(("ci", "outcome"), [("true", {"errors": 1}), ("", {"skipped": 1})])
def test_a_missing_tool_skips_with_the_reason_and_fails_in_ci(pytester, monkeypatch, ci, outcome):
    monkeypatch.setenv("CI", ci)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeconftest((pytester.path.__class__(__file__).parent / "conftest.py").read_text())
    pytester.makepyfile("import pytest\n\n@pytest.mark.needs('no-such-tool')\ndef test_it(): pass\n")
    result = pytester.runpytest_subprocess("-ra", "-p", "no:cacheprovider")
    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines(["*not installed: no-such-tool (make tools)*"])
