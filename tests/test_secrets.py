import os
import threading

import pytest

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.secrets import KeyEnv, KeyFile, looks_like_inference_key, mask

FIRST = "sk-ant-admin01-canary-first"
SECOND = "sk-ant-admin01-canary-second"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "admin-key"
    path.write_text(f"{FIRST}\n")
    return path


def replace(path, text):
    """Put a new file in the place of the old one, as a mounted secret changes."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


@pytest.mark.parametrize("text", [FIRST, f"{FIRST}\n", f" {FIRST}\r\n", f"\ufeff{FIRST}\n"])
def test_a_key_file_gives_its_key_without_what_editors_add(file, text):
    file.write_text(text, encoding="utf-8")
    assert KeyFile(file).value() == FIRST


def test_a_replaced_file_gives_the_new_key(file):
    key = KeyFile(file)
    assert key.value() == FIRST
    replace(file, SECOND)
    assert key.value() == SECOND


def test_a_file_that_looks_unchanged_is_read_again_on_refresh_only(file):
    key = KeyFile(file)
    key.value()
    before = file.stat()
    with file.open("r+") as stream:
        stream.write(FIRST[:-1] + "X")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert key.value() == FIRST
    assert key.refresh() is True
    assert key.value() == FIRST[:-1] + "X"
    assert key.refresh() is False


@pytest.mark.parametrize("broken", [None, "", "  \n", f"{SECOND}\n{SECOND}\n"])
def test_a_file_that_breaks_while_running_leaves_the_last_good_key_and_warns_once(file, caplog, broken):
    key = KeyFile(file)
    key.value()
    if broken is None:
        file.unlink()
    else:
        file.write_text(broken)
    assert [key.value(), key.value(), key.refresh()] == [FIRST, FIRST, False]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert SECOND not in caplog.text
    replace(file, SECOND)
    assert key.value() == SECOND


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "expected a key, but it is empty", id="empty"),
        pytest.param(" \n", "expected a key, but it is empty", id="blank"),
        pytest.param(f"{FIRST}\n{SECOND}", "expected one key on one line, found 2 lines", id="two lines"),
        pytest.param(f"{FIRST} {SECOND}", "expected a key, found characters that no key has", id="two words"),
        pytest.param(f'"{FIRST}"', "expected a key, found one in quotation marks; leave them out", id="quotes"),
        pytest.param(f"{FIRST}\u00e4", "expected a key, found characters that no key has", id="no ASCII"),
        pytest.param("x" * 5000, "expected one key, found 5000 bytes", id="another file"),
    ],
)
def test_a_file_without_a_key_says_what_is_wrong_and_shows_nothing_of_it(file, text, message):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        KeyFile(file).value()
    assert str(error.value) == f"{file}: {message}"


def test_a_missing_file_and_a_folder_say_what_was_expected(tmp_path):
    with pytest.raises(ConfigError, match="expected a readable file with a key, found: No such file or directory"):
        KeyFile(tmp_path / "none").value()
    with pytest.raises(ConfigError, match="expected a file with a key, found no regular file"):
        KeyFile(tmp_path).value()


def test_a_key_where_a_file_belongs_is_told_and_not_shown():
    with pytest.raises(ConfigError) as error:
        KeyFile(FIRST).value()
    assert str(error.value) == (
        "<redacted>: expected a readable file with a key, found: No such file or directory"
        "; this looks like the key itself: write it to a file"
    )


def test_bytes_are_no_key(file):
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="found bytes that are no text"):
        KeyFile(file).value()


def test_threads_see_one_whole_key_while_the_file_is_replaced(file):
    key, seen, done = KeyFile(file), set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add(key.value())

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(50):
        replace(file, SECOND if turn % 2 else FIRST)
    done.set()
    for thread in threads:
        thread.join()
    assert seen <= {FIRST, SECOND}
    assert seen


def test_a_variable_gives_its_key():
    assert KeyEnv("KEY", {"KEY": f"{FIRST}\n"}).value() == FIRST
    assert KeyEnv("KEY", {"KEY": FIRST}).refresh() is False


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "KEY: expected a key in this environment variable, found it not set"),
        ({"KEY": " "}, "KEY: expected a key, but it is empty"),
    ],
)
def test_a_variable_without_a_key_is_named(environment, message):
    with pytest.raises(ConfigError) as error:
        KeyEnv("KEY", environment).value()
    assert str(error.value) == message


def test_credentials_never_show_the_key(file):
    key_file, key_env = KeyFile(file), KeyEnv("KEY", {"KEY": FIRST})
    key_file.value()
    for credential in (key_file, key_env):
        assert "canary" not in f"{credential!r} {credential} {[credential]}"
    assert str(key_file) == f"file {file}"
    assert str(key_env) == "environment KEY"


def test_credentials_of_one_source_are_equal(file, tmp_path):
    assert KeyFile(file) == KeyFile(str(file))
    assert hash(KeyFile(file)) == hash(KeyFile(file))
    assert KeyFile(file) != KeyFile(tmp_path / "other")
    assert KeyEnv("KEY", {"KEY": "a"}) == KeyEnv("KEY", {"KEY": "b"})


def test_an_inference_key_is_told_by_its_prefix():
    assert looks_like_inference_key("sk-ant-api03-canary")
    assert not looks_like_inference_key(FIRST)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"key {FIRST}.", "key <redacted>."),
        ("SK-ANT-ADMIN01-canary", "<redacted>"),
        ("x-api-key: canary-1", "x-api-key: <redacted>"),
        ("X-Api-Key=canary-1 next", "X-Api-Key=<redacted> next"),
        ("Authorization: Bearer canary.1/2", "Authorization: Bearer <redacted>"),
        ("{'authorization': 'Basic canary'}", "{'authorization': 'Basic <redacted>'}"),
        ('{"x-api-key": "canary"}', '{"x-api-key": "<redacted>"}'),
        ("[(b'x-api-key', b'canary')]", "[(b'x-api-key', b'<redacted>')]"),
        ("no key here: model=claude-sonnet-4-5", "no key here: model=claude-sonnet-4-5"),
    ],
)
def test_masking_takes_out_keys_and_credential_headers_only(text, masked):
    assert mask(text) == masked
