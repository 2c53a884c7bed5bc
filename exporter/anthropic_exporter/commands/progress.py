"""What a command is doing right now, in one line that the next one replaces."""

import sys

import click


def progress(text: str) -> None:
    """Show a text on a terminal in the place of the one before; "" takes it away. Elsewhere nothing is shown."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{text}", err=True, nl=False)
