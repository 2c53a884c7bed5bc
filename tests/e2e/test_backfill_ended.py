"""A backfill that is ended in the middle of a file leaves none of it, and no process; the next one goes on."""

import fcntl
import json
import os
import select
import signal
import time

from anthropic_exporter.backfill.calendar import SLICE, slice_of
from anthropic_exporter.backfill.openmetrics import Files
from anthropic_exporter.utc import DAY, day_text, floor
from e2e.parts import COMMAND, environment, fast_settings
from e2e.test_backfill import Firm

DAYS = 45


def test_ctrl_c_in_the_middle_of_a_file(simulate, process, wait_until, tmp_path, key_file):
    now = time.time()
    simulator = simulate(Firm(now, DAYS).organization, generation="legacy")
    (tmp_path / "exporter.yml").write_text(json.dumps(fast_settings(simulator.base_url, key_file)))
    first = floor(now, DAY) - DAYS * DAY
    history = tmp_path / "history"
    command = [
        *COMMAND,
        "backfill",
        f"--config.file={tmp_path / 'exporter.yml'}",
        "--state.path=:memory:",
        f"--from={day_text(first)}",
        f"--until={day_text(floor(now, DAY) - DAY)}",
        f"--output-dir={history}",
        "--step=6h",
        "--label=job=anthropic",
        "--label=instance=pinned",
    ]
    history.mkdir()
    part = Files(history, {}).part(slice_of(first) + SLICE)
    os.mkfifo(part)
    reader = os.open(part, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)  # so that writing stops soon after it has begun: nobody reads on
    running = process(command, env=environment())
    wait_until(lambda: select.select([reader], [], [], 0)[0] and os.read(reader, 1), timeout=60)
    wait_until(lambda: "openmetrics: " in running.stdout, timeout=60)
    assert running.stop(signal.SIGINT) == 130
    os.close(reader)
    assert running.stderr.endswith("error: interrupted\n")
    assert "Traceback" not in running.stderr
    assert sorted(each.suffix for each in history.iterdir()) == [".json", ".openmetrics"]
    again = process(command, env=environment())
    # The process that wrote is gone too: two do not write into one folder.
    assert again.popen.wait(60) == 0, again.stderr
    assert "going on after 1 of " in again.stdout
    assert len(list(history.glob("*.openmetrics"))) in {3, 4}
