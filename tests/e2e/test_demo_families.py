"""``demo`` shows each family of the catalogue with living data."""

import re

import pytest

from anthropic_exporter.expose import catalogue
from e2e.parts import COMMAND, environment, samples

#: What only happens in the course of hours, to others, or where something is set that a demo has no use for.
WITHOUT = {
    "anthropic_exporter_api_drift_total",  # the fake is as documented
    "anthropic_exporter_bucket_arrival_lag_seconds",  # nothing is late yet
    "anthropic_exporter_bucket_revisions_total",  # nor corrected
    "anthropic_exporter_web_config_last_reload_successful",  # --web.config.file
}


def test_each_family_has_data(process, client, wait_until, tmp_path):
    demo = process([*COMMAND, "demo", "--web.listen-address=127.0.0.1:0"], env=environment(), cwd=tmp_path)
    url = wait_until(lambda: re.search(r"ready: (\S+)", demo.stdout), 90).group(1)
    wanted = {family.name for family in catalogue.families()} - WITHOUT

    left: list[str] = []

    def whole():
        shown = {name.removesuffix("_count") for name, _ in samples(client.get(url).text)}
        left[:] = sorted(wanted - shown)
        return not left

    try:
        wait_until(whole, 240)  # the history of Claude Code is a call a day
    except pytest.fail.Exception:
        pytest.fail(f"without data: {', '.join(left)}")
    assert demo.stop() == 0
    assert demo.stderr == ""
