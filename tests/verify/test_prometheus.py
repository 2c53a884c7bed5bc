"""The edge to the query API: credentials from files, and failures that say what failed."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from anthropic_exporter.cli import run
from anthropic_exporter.errors import ConfigError
from anthropic_exporter.verify.httpconfig import HttpConfig
from anthropic_exporter.verify.prometheus import Prometheus, QueryError

EMPTY = json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}})
REFUSED = json.dumps({"status": "error", "errorType": "bad_data", "error": "parse error"})


@pytest.fixture
def server():
    """Return a server whose answer can be set, and the headers it was asked with."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            made.asked.append(self.headers)
            body = made.answer[2].encode()
            self.send_response(made.answer[0])
            self.send_header("content-type", made.answer[1])
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.asked, made.answer = [], (200, "application/json", EMPTY)
    made.url = f"http://127.0.0.1:{made.server_port}"
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((400, "application/json", REFUSED), "answered 400: parse error"),
        ((302, "text/html", ""), "answered 302: Found; name the address that it leads to"),
        ((401, "text/html", ""), "answered 401: Unauthorized; --http.config.file has the credential"),
        ((404, "text/html", ""), "answered 404: Not Found; expected the address of a Prometheus, without /api/v1"),
        ((200, "text/html", "<html>"), "answered 200"),
        ((200, "application/json", '{"status": "success"}'), "expected the answer of Prometheus' query API"),
        ((200, "application/json", "[1]"), "expected the answer of Prometheus' query API"),
    ],
)
def test_an_answer_that_is_none_is_told(server, answer, message):
    server.answer = answer
    with Prometheus(server.url) as prometheus, pytest.raises(QueryError, match=message):
        prometheus.at("up", 0)


def test_nothing_that_listens_is_told(free_port):
    url = f"http://127.0.0.1:{free_port()}"
    with Prometheus(url) as prometheus, pytest.raises(QueryError, match=url):
        prometheus.at("up", 0)


def test_credentials_come_from_files(server, tmp_path):
    (tmp_path / "password").write_text("canary-password\n")
    (tmp_path / "token").write_text("canary-token\n")
    file = tmp_path / "http.yml"
    file.write_text("basic_auth: {username: me, password_file: password}\nheaders: {X-Scope-OrgID: team-a}\n")
    with Prometheus(server.url, HttpConfig.read(file)) as prometheus:
        prometheus.at("up", 0)
    assert server.asked[-1]["authorization"] == "Basic " + base64.b64encode(b"me:canary-password").decode()
    assert server.asked[-1]["x-scope-orgid"] == "team-a"
    file.write_text("authorization: {credentials_file: token}\n")
    with Prometheus(server.url, HttpConfig.read(file)) as prometheus:
        prometheus.at("up", 0)
    assert server.asked[-1]["authorization"] == "Bearer canary-token"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("basic_auth: {password: secret}", "basic_auth.password: expected username or password_file, found an unknown"),
        ("headers: [a]", "headers: expected a mapping of names to texts, found a list"),
        ("authorization: {credentials_file: /no/such}", "authorization.credentials_file: expected"),
        ("basic_auth: {password_file: http.yml}", "basic_auth: expected username beside password_file, found none"),
        ("tls_config: {cert_file: http.yml}", "tls_config: expected cert_file and key_file, found one of them"),
        ("tls_config: {key_file: http.yml}", "tls_config: expected cert_file and key_file, found one of them"),
        ("headers: {X Y: a}", 'headers."X Y": expected the name of a header'),
        ("headers: {X-Y: ä}", "headers.X-Y: expected printable ASCII characters"),
        (
            "basic_auth: {username: a}\nauthorization: {credentials_file: http.yml}",
            "expected one of basic_auth and authorization, found both",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path, text, message):
    file = tmp_path / "http.yml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        HttpConfig.read(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tls_config: {ca_file: file}", "tls_config.ca_file: expected certificates in PEM, found others"),
        ("tls_config: {cert_file: file, key_file: file}", "tls_config: expected a certificate and its key in PEM"),
        ("basic_auth: {username: a, password_file: file}", "file: expected text in UTF-8"),
        ("authorization: {credentials_file: umlaut}", "umlaut: expected printable ASCII characters"),
    ],
)
def test_what_such_a_file_names_and_cannot_be_used_is_refused(tmp_path, capsys, text, message, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-canary")
    (tmp_path / "file").write_bytes(b"canary \x8e")
    (tmp_path / "umlaut").write_text("canary ä")
    (tmp_path / "http.yml").write_text(text)
    assert run(["verify", "--prometheus", "http://x", "--http.config.file", str(tmp_path / "http.yml")]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "canary" not in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing option '--prometheus'"),
        (["--prometheus", "localhost:9090"], "expected an http:// or https:// URL, found localhost:9090"),
        (["--prometheus", "http://me:secret@localhost"], "expected no user in it; use --http.config.file"),
        (["--prometheus", "http://x", "--window", "day"], "expected a duration such as 90m, 24h or 7d, found day"),
        (["--prometheus", "http://x", "--tolerance", "2"], "expected a share from 0 to below 1, found 2"),
    ],
)
def test_flags_that_cannot_be_used_are_refused(capsys, arguments, message):
    assert run(["verify", *arguments]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert "secret" not in told.err
