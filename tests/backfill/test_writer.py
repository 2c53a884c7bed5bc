"""Files are written whole or not at all, by a process of its own."""

import errno
import os
import signal
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from anthropic_exporter.backfill.curve import Moves
from anthropic_exporter.backfill.openmetrics import Files
from anthropic_exporter.backfill.page import Page, Points, Series
from anthropic_exporter.backfill.writer import Gone, Writer
from anthropic_exporter.errors import ConfigError
from anthropic_exporter.expose import catalogue
from anthropic_exporter.utc import HOUR
from ledger.instants import at

START = at("2026-07-01")
LABELS = {"job": "anthropic", "instance": 'a "pinned" one'}
SPEND = catalogue.family("anthropic_cost_yesterday_usd", ())
TOKENS = catalogue.family("anthropic_api_key_usage_tokens_total", ())
KEY = ("org", "apikey_1", "claude-opus-5-5", "standard", "output")
PAGE = Page(
    [START + hour * HOUR for hour in range(6)],
    2 * HOUR,
    [
        (
            TOKENS,
            [
                # 0 until it moves in hour 1; hidden in hour 4, shown once more in hour 5; moves with the next slice.
                Series(KEY, Moves(0, 0, START, array("H", [1, 6]), array("q", [7, 2**53 + 1]))),
                Series(KEY, Moves(0, 0.1, START - 3 * HOUR, array("H"), array("d"))),
            ],
        ),
        (SPEND, [Series(("org", "default", "claude-opus-5-5", "tokens"), Points([START + 1800], [1e-7]))]),
    ],
)
TEXT = f"""\
# HELP anthropic_api_key_usage_tokens {TOKENS.help}
# TYPE anthropic_api_key_usage_tokens counter
# UNIT anthropic_api_key_usage_tokens tokens
{{tokens}} 0 {START}
{{tokens}} 7 {START + HOUR}
{{tokens}} 7 {START + 2 * HOUR}
{{tokens}} 7 {START + 3 * HOUR}
{{tokens}} 7 {START + 5 * HOUR}
# HELP anthropic_cost_yesterday_usd {SPEND.help}
# TYPE anthropic_cost_yesterday_usd gauge
# UNIT anthropic_cost_yesterday_usd usd
{{spend}} 1e-07 {START + 1800}
# EOF
"""


@pytest.fixture
def writer(tmp_path):
    found = Writer(tmp_path, LABELS)
    yield found
    found.close()


def named(family, labels):
    told = dict(zip(family.labels, labels, strict=True)) | {"job": "anthropic", "instance": r"a \"pinned\" one"}
    pairs = ",".join(f'{name}="{value}"' for name, value in told.items())
    return f"{family.name}{{{pairs}}}"


def test_a_page_is_written_as_its_samples(tmp_path):
    written = Files(tmp_path, LABELS).write(START, PAGE)
    text = (tmp_path / written.name).read_text()
    assert text == (
        TEXT.replace("{tokens}", named(TOKENS, KEY)).replace(
            "{spend}", named(SPEND, ("org", "default", "claude-opus-5-5", "tokens"))
        )
    )
    assert written == ("2026-07-01T00.openmetrics", 6, len(text.encode()))
    assert sum(len(points.times) for _, _, points in PAGE.runs()) == written.samples


def test_the_other_process_writes_the_same(writer, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    many = [
        Series((*KEY[:1], f"apikey_{number:04}", *KEY[2:]), Moves(0, number, START, (), ())) for number in range(1200)
    ]
    page = replace(PAGE, families=[(TOKENS, many), *PAGE.families[1:]])
    expected = Files(other, LABELS).write(START, page)
    assert expected.samples == 3 * 1200 + 1
    for start in (START, START + 486 * HOUR):
        written = writer.write(start, page)()
        assert written[1:] == expected[1:]
        assert (tmp_path / written.name).read_bytes() == (other / expected.name).read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_told_and_leaves_no_file(writer, tmp_path):
    (tmp_path / "2026-07-01T00.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as told:
        writer.write(START, PAGE)()
    assert told.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []
    assert writer.write(START, PAGE)().samples == 6


def test_a_process_that_was_ended_is_told(writer):
    os.kill(writer.pid, signal.SIGKILL)
    with pytest.raises(Gone, match="has ended by signal 9"):
        writer.write(START, PAGE)()


def test_what_is_closed_while_it_writes_leaves_no_file(tmp_path):
    os.mkfifo(tmp_path / "2026-07-01T00.part")  # to open it takes until somebody reads it
    writer = Writer(tmp_path, LABELS)
    writer.write(START, PAGE)
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_has_one_writer_at_a_time(tmp_path):
    writer = Writer(tmp_path, LABELS)
    with pytest.raises(ConfigError, match="another backfill is writing into"):
        Writer(tmp_path, LABELS)
    writer.close()
    Writer(tmp_path, LABELS).close()
