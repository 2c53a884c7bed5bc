"""What an operator sees of a bad key, and what becomes of it once it is replaced."""

import re
import time

from e2e.parts import KEY, organization_samples, requests_of
from e2e.script import Script
from e2e.truth import Truth, reports
from e2e.witness import Witness, in_a_scrape

ROTATED = "sk-ant-admin01-canary-rotated-W5pD8sXj2QfY7cTb"
INFERENCE = "sk-ant-api03-canary-inference-Jm4Ru9Ez6KgV1hNo"
NEEDED = "An Admin key (sk-ant-admin01-…) is needed: Claude Console → Settings → Admin keys"


def refused(served):
    """Return whether the exporter says that its key was refused."""
    return served.value("anthropic_exporter_credential_valid") == 0 and served.value("anthropic_up") == 0


def test_a_revoked_key_keeps_the_values_and_a_rotated_one_needs_no_restart(simulate, exporter, wait_until, key_file):
    script = Script(time.time(), seed=8)
    simulator = simulate(script.organization)
    served = exporter(simulator)
    wait_until(served.has_run, 60)
    assert (served.value("anthropic_up"), served.value("anthropic_exporter_credential_valid")) == (1, 1)
    witness = Witness(in_a_scrape(served), Truth(simulator, *reports("both", open_bucket=True)), wait_until)
    witness.settles()
    before = organization_samples(served.scrape())

    simulator.switch(accepted_keys=[ROTATED])
    wait_until(lambda: refused(served))
    assert organization_samples(served.scrape()) == before
    assert served.is_ready()
    assert NEEDED in served.get("/").text

    script.arrive()
    key_file.write_text(f"{ROTATED}\n")
    wait_until(lambda: served.value("anthropic_exporter_credential_valid") == 1, 90)
    wait_until(lambda: served.value("anthropic_up") == 1, 90)
    witness.settles()
    assert served.process.popen.poll() is None
    assert ROTATED[15:] not in served.process.stderr + served.get("/").text


def test_a_wrong_key_at_the_start_says_what_to_do(simulate, exporter, wait_until):
    script = Script(time.time(), seed=8)
    served = exporter(simulate(script.organization, accepted_keys=(ROTATED,)))
    wait_until(lambda: refused(served), 90)
    assert served.get("/-/ready").status_code == 503
    assert served.get("/-/healthy").status_code == 200
    found = served.scrape()
    assert organization_samples(found) == {}
    assert any(name == "anthropic_exporter_build_info" for name, _ in found)
    assert NEEDED in served.get("/").text
    wait_until(lambda: NEEDED in served.process.stderr)
    assert "replace the key where it is configured" in served.get("/").text


def test_an_inference_key_is_tried_and_told_apart(simulate, exporter, wait_until, key_file):
    script = Script(time.time(), seed=8)
    key_file.write_text(INFERENCE)
    simulator = simulate(script.organization, accepted_keys=None)
    served = exporter(simulator)
    wait_until(lambda: refused(served), 90)
    sentence = f"The key in use is an inference key (sk-ant-api03-…), which cannot read the Admin API. {NEEDED}"
    assert sentence in served.get("/").text
    wait_until(lambda: sentence in served.process.stderr)
    assert re.search(r'level=warn msg="this looks like an inference key', served.process.stderr)
    assert INFERENCE[13:] not in served.process.stderr + served.get("/").text
    assert any(request.status == 401 for request in requests_of(simulator)), "it may have rights all the same"


def test_an_inference_key_with_rights_is_as_good_as_any(simulate, exporter, wait_until, key_file):
    script = Script(time.time(), seed=8)
    key_file.write_text(INFERENCE)
    served = exporter(simulate(script.organization, accepted_keys=(INFERENCE, KEY)))
    wait_until(served.is_ready, 90)
    assert "level=warn" in served.process.stderr
