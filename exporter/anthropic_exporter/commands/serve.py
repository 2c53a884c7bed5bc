"""``serve``: the exporter."""

import logging
import os
import platform
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from anthropic_exporter import __version__, logs
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.commands.signals import hangups, normal_end
from anthropic_exporter.config import Settings, load
from anthropic_exporter.revision import revision
from anthropic_exporter.secrets import looks_like_inference_key

if TYPE_CHECKING:  # for a wrong setting need not wait for the server
    from anthropic_exporter.web.app import Site

logger = logging.getLogger(__name__)


@click.command()
@settings_flags
def serve(**given: object) -> None:
    """Run the exporter."""
    flags = by_flag(given)
    with normal_end():
        start(lambda: load(flags, os.environ, now=time.time()))


def start(reload: Callable[[], Settings], on_ready: "Callable[[str, Site], None] | None" = None) -> None:
    """Log what is about to run, and run it until it is stopped.

    Args:
        reload: reads the settings, now and whenever they may have changed.
        on_ready: is told the URL of the metrics when they are whole.

    Raises:
        ConfigError: it cannot start.
    """
    with hangups() as hangup:
        settings = reload()
        logs.configure(settings.log.level, settings.log.format)
        _tell(settings)
        from anthropic_exporter import service  # noqa: PLC0415 - a wrong setting need not wait for the server

        service.run(settings, reload, hangup, on_ready)


def _tell(settings: Settings) -> None:
    about = {"version": __version__, "revision": revision(), "python": platform.python_version()}
    logger.info("starting", extra=about)
    logger.info("effective settings", extra={"settings": str(settings)})
    for organization in settings.organizations:
        if looks_like_inference_key(organization.credential.value()):
            logger.warning(
                "this looks like an inference key, most of which cannot read the Admin API; trying it",
                extra={"organization": organization.alias},
            )
