"""``serve``: the exporter."""

import functools
import logging
import os
import platform
import time
from collections.abc import Callable

import click

from anthropic_exporter import __version__, logs
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.config import Settings, load
from anthropic_exporter.revision import revision
from anthropic_exporter.secrets import looks_like_inference_key

logger = logging.getLogger(__name__)


@click.command()
@settings_flags
def serve(**given: object) -> int:
    """Run the exporter."""
    flags = by_flag(given)
    return start(lambda: load(flags, os.environ, now=time.time()))


def start(reload: Callable[[], Settings]) -> int:
    """Log what is about to run, and run it until it is stopped; return the exit status."""
    settings = reload()
    logs.configure(settings.log.level, settings.log.format)
    about = {"version": __version__, "revision": revision(), "python": platform.python_version()}
    logger.info("starting", extra=about)
    logger.info("effective settings", extra={"settings": str(settings)})
    for organization in settings.organizations:
        if looks_like_inference_key(organization.credential.value()):
            logger.warning(
                "this looks like an inference key, most of which cannot read the Admin API; trying it",
                extra={"organization": organization.alias},
            )
    from anthropic_exporter import service  # noqa: PLC0415 - a wrong setting need not wait for the server

    return service.run(settings, functools.partial(_reload, reload))


def _reload(reload: Callable[[], Settings]) -> Settings:
    settings = reload()
    logs.configure(settings.log.level, settings.log.format)
    return settings
