import io
import sys
from collections import Counter

import pytest

from anthropic_exporter.commands.table import lines, print_table

HEADER = ("name", "rows", "what to do")
PROSE = "nothing: organizations of this kind do not have it"
ROWS = [("/v1/organizations/spend_limits", "7", ""), ("/v1/short", "-", PROSE)]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_columns_are_aligned_and_nothing_trails(capsys):
    print_table(("name", "what to do"), [("long-name", ""), ("x", "[bold]do[/bold]")])
    assert capsys.readouterr().out == "name       what to do\nlong-name\nx          [bold]do[/bold]\n"


def test_a_terminal_gets_a_bold_header_and_its_text_as_it_is(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "60")
    print_table(("name", "what to do"), [("x", "[bold]do[/bold]")])
    assert terminal.getvalue() == "\x1b[1mname  what to do\x1b[0m\nx     [bold]do[/bold]\n"


def test_no_colour_leaves_the_header_as_plain_as_the_rest(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    print_table(("name", "what"), [("x", "y")])
    assert terminal.getvalue() == "name  what\nx     y\n"


def test_numbers_stand_to_the_right():
    assert list(lines(("a", "USD", "share"), [("x", "12.50", "3.1 %"), ("y", "1,200.00", "-")])) == [
        "a       USD  share",
        "x     12.50  3.1 %",
        "y  1,200.00      -",
    ]


def test_prose_that_does_not_fit_goes_below_its_row():
    assert list(lines(HEADER, ROWS, 40)) == [
        "name                            rows",
        "/v1/organizations/spend_limits     7",
        "/v1/short                          -",
        "    nothing: organizations of this kind",
        "    do not have it",
    ]


@pytest.mark.parametrize("width", [*range(24, 110), None])
def test_no_line_is_too_long_and_no_letter_is_lost(width):
    told = list(lines(HEADER, ROWS, width))
    assert all(width is None or len(line) <= width for line in told)
    letters = Counter("".join(told))
    assert not Counter("".join((*HEADER[:2], *ROWS[0], *ROWS[1]))) - letters - Counter(" " * 20)


def test_words_are_parted_only_where_they_must_be():
    rows = [("anthropic_api_key_info", "organization_id, api_key_name, owner_type")]
    assert list(lines(("name", "labels"), rows, 42)) == [
        "name                    labels",
        "anthropic_api_key_info  organization_id,",
        "                        api_key_name,",
        "                        owner_type",
    ]
    assert list(lines(("name", "labels"), rows, 34)) == [
        "name              labels",
        "anthropic_api_    organization_id,",
        "key_info          api_key_name,",
        "                  owner_type",
    ]
