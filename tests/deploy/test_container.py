"""What can be said about the container without an engine: each step names what is there, and nothing runs as root."""

import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from anthropic_exporter.config.sections import WebSettings

ROOT = Path(__file__).resolve().parents[2]
TEXT = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
STEPS = [line.split(" ", 1) for line in TEXT.splitlines() if line and not line.startswith("#")]


def words(instruction):
    return [rest for name, rest in STEPS if name == instruction]


def test_both_stages_are_of_the_base_whose_digest_a_release_fills():
    assert {each.split(" AS ")[0] for each in words("FROM")} == {"${PYTHON_IMAGE}${PYTHON_DIGEST}"}
    (image,) = (each for each in words("ARG") if each.startswith("PYTHON_IMAGE="))
    assert re.search(r":3\.\d+-slim-\w+$", image)


def test_what_is_copied_is_there_and_not_ignored():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {source for each in words("COPY") if "--from" not in each for source in each.split()[:-1]}
    assert copied == allowed
    for source in copied:
        assert (ROOT / source).exists()


def test_it_ends_as_nobody():
    assert words("USER") == ["65534:65534"]
    last = [name for name, _ in STEPS]
    assert last.index("USER") > max(index for index, name in enumerate(last) if name in {"RUN", "COPY"})


def test_every_download_is_held_against_its_hash():
    for run in words("RUN"):
        for command in re.findall(r"pip\S* (?:--python \S+ )?install ([^&]*)", run):
            assert "--require-hashes --only-binary :all:" in command or "--no-deps --no-index" in command


def test_the_port_is_the_default_of_the_program():
    port = WebSettings().listen_address[0].port
    assert words("EXPOSE") == [str(port)]
    assert f"'127.0.0.1', {port}," in words("HEALTHCHECK")[0]


def health(port):
    command = json.loads(words("HEALTHCHECK")[0].partition("CMD ")[2])
    script = command[2].replace("10114", str(port)).replace("timeout=4", "timeout=1")
    return subprocess.run([sys.executable, *command[1:2], script], capture_output=True, check=False, timeout=30)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 401 Unauthorized\r\n\r\n", b""])
def test_whoever_answers_is_healthy_even_by_hanging_up(answer):
    class Handler(BaseHTTPRequestHandler):
        def handle(self):
            self.request.recv(4096)
            self.request.sendall(answer)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert health(server.server_port).returncode == 0
        thread.join(10)


def test_nobody_there_is_not_healthy(free_port):
    assert health(free_port()).returncode != 0


def test_one_who_listens_and_never_answers_is_not_healthy():
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        assert health(server.server_port).returncode != 0
