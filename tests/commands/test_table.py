import io
import sys

from anthropic_exporter.commands.table import print_table

HEADER = ("name", "what to do")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_columns_are_aligned_and_nothing_trails(capsys):
    print_table(HEADER, [("long-name", ""), ("x", "[bold]do[/bold]")])
    assert capsys.readouterr().out == "name       what to do\nlong-name\nx          [bold]do[/bold]\n"


def test_a_terminal_gets_a_drawn_table_with_its_text_as_it_is(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "60")
    print_table(HEADER, [("x", "[bold]do[/bold]")])
    assert "[bold]do[/bold]" in terminal.getvalue()
    assert terminal.getvalue().startswith("┏━")
