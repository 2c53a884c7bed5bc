"""``version``."""

import platform

import click

from anthropic_exporter import __version__
from anthropic_exporter.revision import revision


@click.command()
def version() -> None:
    """Print version, revision and Python."""
    click.echo(f"anthropic-exporter {__version__}\nrevision: {revision()}\npython: {platform.python_version()}")
