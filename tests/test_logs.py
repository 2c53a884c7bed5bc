import io
import json
import logging
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter import logs

CANARY = "sk-ant-admin01-canary-0123"


@pytest.fixture(autouse=True)
def _restore_logging():
    """Each test configures the whole process; the next must not see it."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, sys.excepthook, threading.excepthook
    yield
    root.handlers[:], level, sys.excepthook, threading.excepthook = before
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def logged(write, kind="logfmt", level="info"):
    stream = io.StringIO()
    logs.configure(level, kind, stream)
    write(logging.getLogger("anthropic_exporter.test"))
    return stream.getvalue()


def test_a_logfmt_line_has_time_level_message_and_fields():
    line = logged(lambda log: log.warning("poll lost", extra={"collector": "cost", "seconds": 1.5, "retry": True}))
    assert line.startswith("ts=20")
    assert line.endswith('Z level=warn msg="poll lost" logger=test collector=cost seconds=1.5 retry=true\n')


def test_a_json_line_keeps_numbers():
    line = logged(lambda log: log.info("poll", extra={"rows": 3, "share": 0.5, "gap": float("nan")}), kind="json")
    record = json.loads(line)
    assert record.pop("ts").endswith("Z")
    assert record == {"level": "info", "msg": "poll", "logger": "test", "rows": 3, "share": 0.5, "gap": "nan"}


@pytest.mark.parametrize("kind", ["logfmt", "json"])
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda log: log.error(CANARY), id="message"),
        pytest.param(lambda log: log.error("key %s of %s", CANARY, {"x-api-key": CANARY}), id="arguments"),
        pytest.param(lambda log: log.error("x", extra={"headers": {"x-api-key": "canary-token"}}), id="field"),
        pytest.param(lambda log: log.error("authorization: Bearer canary-token"), id="header"),
        pytest.param(lambda log: log.error("x", stack_info=True, extra={CANARY: 1}), id="field name"),
    ],
)
def test_no_key_is_logged(kind, write):
    line = logged(write, kind)
    assert "canary" not in line
    assert "redacted" in line


@pytest.mark.parametrize("kind", ["logfmt", "json"])
def test_no_key_is_in_a_traceback(kind):
    def write(log):
        try:
            int(CANARY)
        except ValueError:
            log.exception("failed")

    line = logged(write, kind)
    assert "canary" not in line
    assert "ValueError: invalid literal" in line
    assert line.count("\n") == 1


def test_no_key_reaches_a_handler_that_comes_after(caplog):
    logs.configure("info", "logfmt", io.StringIO())
    logging.getLogger().addHandler(caplog.handler)
    logging.getLogger("anthropic_exporter.test").error("key %s", CANARY)
    assert caplog.messages == ["key <redacted>"]


@pytest.mark.parametrize("kind", ["logfmt", "json"])
@given(text=st.text())
def test_nothing_in_a_record_ends_its_line_or_is_no_printable_character(kind, text):
    stream = io.StringIO()
    logs.configure("info", kind, stream)
    logging.getLogger("anthropic_exporter.test").info("%s", text, extra={"value": text})
    line = stream.getvalue()
    assert line.endswith("\n")
    assert line[:-1].isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "value=plain"),
        ("", 'value=""'),
        ("two words", 'value="two words"'),
        ("a=b", 'value="a=b"'),
        ('say "x"', r'value="say \"x\""'),
        ("evil\nlevel=error msg=forged", r'value="evil\nlevel=error msg=forged"'),
        ("\x1b[2Jgone\x9b\u2028\u202e", r'value="\u001b[2Jgone\u009b\u2028\u202e"'),
    ],
)
def test_a_value_cannot_forge_another(text, shown):
    assert logged(lambda log: log.info("x", extra={"value": text})).rstrip("\n").endswith(shown)


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40).filter(lambda text: "-" not in text))
def test_json_gives_a_value_back(text):
    line = logged(lambda log: log.info("x", extra={"value": text}), kind="json")
    assert json.loads(line)["value"] == text


def test_a_level_hides_what_is_below():
    assert not logged(lambda log: log.info("x"), level="warn")
    assert logged(lambda log: log.debug("x"), level="debug")


def test_other_libraries_are_heard_from_warnings_up_and_access_not_at_all():
    stream = io.StringIO()
    logs.configure("debug", "logfmt", stream)
    for name in ("httpx", "httpcore", "uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).info("chatter")
    assert not stream.getvalue()
    logging.getLogger("uvicorn.error").warning("real")
    assert "msg=real" in stream.getvalue()


def test_configuring_again_does_not_double_the_lines():
    logged(lambda log: log.info("x"))
    assert logged(lambda log: log.info("x")).count("\n") == 1


def test_what_nobody_caught_is_one_masked_line():
    stream = io.StringIO()
    logs.configure("info", "logfmt", stream)
    thread = threading.Thread(target=lambda: int(CANARY))
    thread.start()
    thread.join()
    error = RuntimeError(CANARY)
    sys.excepthook(RuntimeError, error, None)
    assert stream.getvalue().count("level=error") == 2
    assert "canary" not in stream.getvalue()
