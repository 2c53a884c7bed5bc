"""The whole exporter behind TLS, certificates of clients and passwords: curl, Prometheus, and rotation under load."""

import json
import os
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest

from e2e.parts import COMMAND, KEY, Prometheus, environment, fast_settings
from e2e.script import Script
from web.certificates import authority

NEXT_KEY = "sk-ant-admin01-canary-next-Vb5Nm8Kj2Hg6Fd3S"


def replace(file: Path, content: str) -> None:
    """Write a file in one step, as a mounted secret is."""
    new = file.with_suffix(".new")
    new.write_text(content)
    new.replace(file)


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


@dataclass
class House:
    """An exporter behind a web configuration, and Prometheus with what it needs to come in."""

    folder: Path
    port: int
    exporter: Any
    simulator: Any
    ours: Any
    theirs: Any

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/metrics"

    def admit(self, users: dict[str, str], authorities: str) -> None:
        """Say who may come in."""
        replace(self.folder / "clients.pem", authorities)
        tls = {
            "cert_file": "server.pem",
            "key_file": "server.key",
            "client_ca_file": "clients.pem",
            "client_auth_type": "RequireAndVerifyClientCert",
            "min_version": "TLS12",
        }
        replace(self.folder / "web.yml", json.dumps({"tls_server_config": tls, "basic_auth_users": users}))

    def show(self, pair: Any) -> None:
        """Give the server a certificate."""
        replace(self.folder / "server.key", pair.key.read_text())
        replace(self.folder / "server.pem", pair.certificate.read_text())

    def curl(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = ["curl", "--silent", "--show-error", "--max-time", "10", "--noproxy", "*", "--cacert"]
        command += [str(self.ours.pair.certificate), *(str(each) for each in arguments), self.url]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20, env=os.environ)


@pytest.fixture
def house(tmp_path, process, free_port, simulate, key_file, wait_until):
    ours, theirs = authority(tmp_path, "ours"), authority(tmp_path, "theirs")
    simulator = simulate(Script(now=time.time(), seed=7).organization)
    port = free_port()
    made = House(tmp_path, port, None, simulator, ours, theirs)
    made.show(ours.issue("server"))
    made.admit({"old": hashed("old password")}, ours.pair.certificate.read_text())
    ours.issue("old"), theirs.issue("new")
    (tmp_path / "exporter.yml").write_text(json.dumps(fast_settings(simulator.base_url, key_file)))
    made.exporter = process(
        [
            *COMMAND,
            f"--config.file={tmp_path / 'exporter.yml'}",
            f"--state.path={tmp_path / 'state.db'}",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--web.config.file={tmp_path / 'web.yml'}",
        ],
        env=environment(),
    )
    certificate = ("--cert", ours.folder / "old.pem", "--key", ours.folder / "old.key", "--user", "old:old password")
    wait_until(lambda: "anthropic_usage_tokens_total{" in made.curl(*certificate).stdout, timeout=40)
    return made


def is_ready(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/-/ready").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def prometheus(house, process, free_port, client, wait_until):
    """Start a Prometheus that comes in with a certificate and a password."""
    port = free_port()
    file = house.folder / "prometheus.yml"

    def configure(signer, name: str, password: str = "") -> None:
        scrape = {
            "job_name": "anthropic",
            "scheme": "https",
            "static_configs": [{"targets": [f"localhost:{house.port}"]}],
            "tls_config": {
                "ca_file": str(house.ours.pair.certificate),
                "cert_file": str(signer.folder / f"{name}.pem"),
                "key_file": str(signer.folder / f"{name}.key"),
            },
            "basic_auth": {"username": name, "password": password or f"{name} password"},
        }
        timing = {"scrape_interval": "2s", "scrape_timeout": "2s"}
        file.write_text(json.dumps({"global": timing, "scrape_configs": [scrape]}))

    configure(house.ours, "old")
    running = process(
        [
            "prometheus",
            f"--config.file={file}",
            f"--storage.tsdb.path={house.folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-lifecycle",
            "--log.level=debug",
        ]
    )
    started = Prometheus(f"http://127.0.0.1:{port}", client)
    wait_until(lambda: is_ready(client, started.url), timeout=20)
    wait_until(lambda: started.query('up{job="anthropic"} == 1'), timeout=20)

    def reconfigure(signer, name: str, password: str = "") -> None:
        configure(signer, name, password)
        assert client.post(f"{started.url}/-/reload").status_code == 200

    def failures() -> list[str]:
        """Return what Prometheus says of scrapes that failed."""
        return [line for line in running.stderr.splitlines() if "Scrape failed" in line]

    return started, reconfigure, failures


@pytest.mark.needs("openssl", "curl")
def test_curl_comes_in_with_certificate_and_password_only(house):
    certificate = ("--cert", house.ours.folder / "old.pem", "--key", house.ours.folder / "old.key")
    foreign = ("--cert", house.theirs.folder / "new.pem", "--key", house.theirs.folder / "new.key")
    password = ("--user", "old:old password")
    status = ("--output", os.devnull, "--write-out", "%{http_code}")
    assert house.curl(*status, *certificate, *password).stdout == "200"
    assert house.curl(*status, *certificate).stdout == "401"
    assert house.curl(*status, *certificate, "--user", "old:wrong").stdout == "401"
    for refused in (house.curl(*status, *password), house.curl(*status, *foreign, *password)):
        assert refused.stdout == "000"
        assert refused.returncode != 0
    assert "Basic realm" in house.curl("--include", *certificate).stdout


@pytest.mark.needs("openssl", "prometheus")
def test_rotation_of_everything_under_load_loses_no_scrape(house, prometheus, wait_until):
    scraping, reconfigure, failures = prometheus
    stop = threading.Event()
    both = house.ours.pair.certificate.read_text() + house.theirs.pair.certificate.read_text()

    def scrapes() -> float:
        found = scraping.query('count_over_time(up{job="anthropic"}[10m])')
        return float(found[0]["value"][1]) if found else 0

    def some_scrapes() -> None:
        before = scrapes()
        wait_until(lambda: scrapes() >= before + 1, timeout=30)

    def load() -> int:
        """Scrape on new connections until told to stop; return how often."""
        context = ssl.create_default_context(cafile=str(house.ours.pair.certificate))
        context.load_cert_chain(house.ours.folder / "old.pem", house.ours.folder / "old.key")
        done = 0
        while not stop.is_set():
            with httpx.Client(verify=context, trust_env=False, timeout=10) as scraper:
                assert scraper.get(house.url, auth=("always", "always password")).status_code == 200
            done += 1
        return done

    always = {"always": hashed("always password")}
    house.admit({**always, "old": hashed("old password")}, house.ours.pair.certificate.read_text())
    with ThreadPoolExecutor(2) as pool:
        loads = [pool.submit(load) for _ in range(2)]
        try:
            some_scrapes()
            # A new certificate of the server, while scrapers come and go.
            for _ in range(3):
                house.show(house.ours.issue("server"))
                some_scrapes()
            # The scraper's certificate and password: first both are taken, then the new ones are used.
            house.admit({**always, "old": hashed("old password"), "new": hashed("new password")}, both)
            some_scrapes()
            reconfigure(house.theirs, "new")
            some_scrapes()
            house.admit({**always, "new": hashed("new password")}, both)
            some_scrapes()
            # The key of the Admin API, from one file to the next.
            house.simulator.switch(accepted_keys=(KEY, NEXT_KEY))
            replace(house.folder / "admin-key", NEXT_KEY)
            some_scrapes()
            house.simulator.switch(accepted_keys=(NEXT_KEY,))
            some_scrapes()
        finally:
            stop.set()
        assert all(each.result() > 10 for each in loads)

    lowest = scraping.query('min_over_time(up{job="anthropic"}[10m])')
    assert failures() == []
    assert [row["value"][1] for row in lowest] == ["1"]
    assert scrapes() >= 9
    assert not scraping.query('anthropic_exporter_upstream_requests_total{code=~"401|error"} > 0')
    assert [row["value"][1] for row in scraping.query("anthropic_exporter_credential_valid")] == ["1"]
    assert [row["value"][1] for row in scraping.query("anthropic_exporter_web_config_last_reload_successful")] == ["1"]
    for secret in (KEY, NEXT_KEY, "old password", "$2b$"):
        assert secret not in house.exporter.stderr


@pytest.mark.needs("openssl", "prometheus")
def test_a_prometheus_with_another_password_or_certificate_is_turned_away(house, prometheus, wait_until):
    scraping, reconfigure, failures = prometheus

    def fails_with(words: str) -> bool:
        """Say whether a scrape has failed with these words in what Prometheus says about it."""
        return any(words in line for line in failures())

    reconfigure(house.ours, "old", "another password")
    wait_until(lambda: fails_with("401 Unauthorized"), timeout=60)
    wait_until(lambda: scraping.query('up{job="anthropic"} == 0'))
    reconfigure(house.theirs, "new", "old password")
    # What the server says about the certificate, or only that it has hung up: there is no answer to a request.
    words = ("tls: ", "EOF", "connection reset", "broken pipe")
    wait_until(lambda: any(fails_with(each) for each in words), timeout=60)
    wait_until(lambda: scraping.query('up{job="anthropic"} == 0'))


@pytest.mark.needs("openssl")
def test_a_bad_web_configuration_ends_the_start(tmp_path, process):
    (tmp_path / "web.yml").write_text("tls_server_config: {cert_file: gone.pem, key_file: gone.key, extra: 1}")
    env = environment(ANTHROPIC_ADMIN_KEY=KEY)
    flags = (f"--web.config.file={tmp_path / 'web.yml'}", "--web.listen-address=127.0.0.1:0", "--state.path=:memory:")
    started = process([*COMMAND, *flags], env=env)
    assert started.popen.wait(20) == 2
    problems = started.stderr.splitlines()
    assert "web.yml: tls_server_config.extra: expected cert, key" in started.stderr
    assert "gone.pem" in started.stderr
    assert len([line for line in problems if line.startswith("error: ") and "web.yml: " in line]) == 3
    assert "Traceback" not in started.stderr
