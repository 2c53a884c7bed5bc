import re
import signal
import subprocess
import sys

import httpx
import pytest
from click.testing import CliRunner

from anthropic_exporter.simulate.command import simulate
from anthropic_exporter.simulate.options import read_options
from anthropic_exporter.simulate.scripted import ScriptedOrganization
from anthropic_exporter.simulate.server import EXAMPLE_KEY, Simulator
from simulate.harness import HEADERS, KEY

PROGRAM = "from anthropic_exporter.simulate.command import simulate; simulate()"


@pytest.fixture
def command():
    running = []

    def start(*arguments):
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM, "--listen", "127.0.0.1:0", *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield start
    for each in running:
        each.kill()
        each.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_how_to_use_it_and_ends_with_0(command, number):
    process = command("--seed", "3")
    line = process.stdout.readline()
    (base_url,) = re.findall(r"ANTHROPIC_BASE_URL=(http://127\.0\.0\.1:\d+) ", line)
    assert f"ANTHROPIC_ADMIN_API_KEY={EXAMPLE_KEY}" in line
    assert httpx.get(f"{base_url}/v1/organizations/me", headers=HEADERS | {"x-api-key": EXAMPLE_KEY}).status_code == 200
    process.send_signal(number)
    assert process.wait(10) == 0
    assert process.stderr.read() == ""


def test_keys_come_from_a_file(command, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text(f"{KEY}\n\nsk-ant-admin01-canary-second\n")
    line = command(
        "--admin-key-file", str(keys), "--fault", "reset", "--fault-path", "/v1/organizations/users"
    ).stdout.readline()
    assert KEY not in line
    url = re.findall(r"http://[\d.:]+", line)[0] + "/v1/organizations/me"
    assert httpx.get(url, headers=HEADERS).status_code == 200
    assert httpx.get(url, headers=HEADERS | {"x-api-key": EXAMPLE_KEY}).status_code == 401


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--listen", "0.0.0.0:0"], "expected a loopback address"),
        (["--listen", "192.0.2.1:80"], "expected a loopback address"),
        (["--listen", "example.com:80"], "expected a loopback address"),
        (["--listen", "10115"], "expected HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "expected HOST:PORT"),
        (["--fault", "tired"], "is not one of"),
        (["--fault-rate", "1.5"], "fault-rate"),
        (["--admin-key-file", "/nonexistent"], "cannot be read"),
        (["--refresh-step", "0"], "refresh-step"),
        (["--switch", "speed_needs_beta"], "expected NAME=VALUE"),
        (["--switch", "nothing=1"], "no such switch"),
        (["--switch", f"accepted_keys={KEY}"], "a key is never a flag"),
        (["--switch", "cost_delay=long"], "cost_delay: expected float"),
        (["--switch", "cost_delay=-1"], "cost_delay: expected 0 or more, found -1"),
        (["--switch", "visibility_delay=NaN"], "visibility_delay: expected 0 or more, found nan"),
        (["--switch", "requests_per_minute=-1"], "requests_per_minute: expected 0 or more, found -1"),
        (["--admin-key-file", sys.executable], "holds no text"),
    ],
)
def test_a_wrong_flag_is_refused(arguments, message):
    result = CliRunner().invoke(simulate, arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert KEY not in result.output


def test_every_flag_is_a_switch_or_known():
    context = simulate.make_context(
        "simulate", ["--no-open-bucket", "--cost-today", "--fault", "slow", "--page-cap", "3"]
    )
    options = dict(context.params)
    assert options.pop("listen") == ("127.0.0.1", 10115)
    _, switches = read_options(**options)
    assert not switches.open_bucket
    assert not switches.analytics_open_bucket
    assert not switches.cost_completed_days_only
    assert (switches.faults, switches.page_cap, switches.lateness, switches.revisions) == (("slow",), 3, 2700, True)


def test_any_switch_can_be_set_by_its_name():
    given = ["speed_needs_beta=true", "generation_off_status=403", "generation=legacy", 'fault_paths=["/v1/x"]']
    context = simulate.make_context("simulate", [part for each in given for part in ("--switch", each)])
    _, switches = read_options(**{name: value for name, value in context.params.items() if name != "listen"})
    assert switches.speed_needs_beta
    assert (switches.generation, switches.generation_off_status, switches.fault_paths) == ("legacy", 403, ("/v1/x",))


@pytest.mark.parametrize("text", ["localhost:1", "[::1]:1", "127.0.0.2:1"])
def test_loopback_has_several_names(text):
    host, port = simulate.make_context("simulate", ["--listen", text]).params["listen"]
    assert (host in {"127.0.0.1", "::1", "127.0.0.2"}, port) == (True, 1)


def test_a_taken_port_is_an_error():
    with Simulator(ScriptedOrganization()) as taken:
        port = taken.base_url.rpartition(":")[2]
        result = CliRunner().invoke(simulate, ["--listen", f"127.0.0.1:{port}"])
    assert result.exit_code == 1
    assert "cannot listen on 127.0.0.1" in result.output


def test_a_server_stops_while_an_answer_is_on_its_way():
    simulator = Simulator(ScriptedOrganization())
    base_url = simulator.start()
    simulator.switch(faults=["slow_loris"], slow_seconds=60)
    with httpx.Client(base_url=base_url, headers=HEADERS, timeout=0.2) as client, pytest.raises(httpx.HTTPError):
        client.get("/v1/organizations/me")
    simulator.stop()
    simulator.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(base_url)


def test_the_key_of_a_simulator_is_accepted():
    simulator = Simulator(ScriptedOrganization())
    assert simulator.admin_key == EXAMPLE_KEY
    simulator.switch(accepted_keys=[KEY])
    assert simulator.admin_key == KEY
