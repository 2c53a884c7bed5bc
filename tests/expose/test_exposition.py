"""One gzip member from pieces compressed at different times says what the plain text says."""

import gzip
import subprocess
import zlib
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.expose.exposition import Exposition
from anthropic_exporter.expose.family import Family, FamilySamples
from anthropic_exporter.expose.text import KEPT_READY, Renderer
from expose.small_organization import small_organization

SMALL = Renderer().render(small_organization())

collectors = st.none() | st.sets(st.sampled_from(["usage", "cost", "api_keys", "exporter"]))


def one_member(data):
    """Decode with a decoder that stops at the end of the first member, as many clients do."""
    decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
    plain = decoder.decompress(data) + decoder.flush()
    assert decoder.eof  # the checksum and the length in the trailer are right, or this is not reached
    assert decoder.unused_data == b""
    return plain


@given(dynamic=st.binary(), openmetrics=st.booleans(), chosen=collectors)
def test_the_compressed_body_is_the_plain_one(dynamic, openmetrics, chosen):
    wanted = {"openmetrics": openmetrics, "collectors": chosen, "dynamic": dynamic}
    plain = SMALL.body(**wanted)
    packed = SMALL.body(gzip=True, **wanted)
    assert gzip.decompress(packed) == plain
    assert one_member(packed) == plain
    assert plain.endswith(dynamic)


def test_nothing_at_all_is_a_valid_member_too():
    assert Exposition.of([]).body() == b""
    assert one_member(Exposition.of([]).body(gzip=True)) == b""
    assert one_member(Exposition.of([]).body(gzip=True, dynamic=b"up 1\n")) == b"up 1\n"


def test_gunzip_takes_it():
    done = subprocess.run(
        ["gzip", "-dc"], input=SMALL.body(gzip=True, dynamic=b"up 1\n"), capture_output=True, check=True
    )
    assert done.stdout == SMALL.body(dynamic=b"up 1\n")


def test_compression_is_worth_it():
    row = Family("demo_size_bytes", "gauge", "bytes", ("name",), "usage", "Demo.")
    large = Renderer().render([FamilySamples(row, [((f"workspace {n}",), n) for n in range(1000)])])
    assert len(large.body(gzip=True)) < large.size / 5
    assert len(SMALL.body(gzip=True)) < SMALL.size / 1.5


def test_a_selection_shows_the_families_of_its_collectors_and_no_others():
    shown = SMALL.body(collectors={"cost", "invites"}).decode()
    names = {line.split()[2] for line in shown.splitlines() if line.startswith("# TYPE")}
    wanted = {part.family.name for part in small_organization() if part.family.collector in {"cost", "invites"}}
    assert names == wanted


def test_a_selection_of_nothing_shows_only_the_dynamic_part():
    assert SMALL.body(collectors=frozenset(), dynamic=b"up 1\n") == b"up 1\n"


def test_size_is_that_of_the_text_format():
    assert SMALL.size == len(SMALL.body())
    assert Exposition.of([]).size == 0


def test_an_exposition_does_not_change_when_its_renderer_goes_on():
    row = Family("demo_size_bytes", "gauge", "bytes", ("name",), "usage", "Demo.")
    renderer = Renderer()
    first = renderer.render([FamilySamples(row, [(("a",), 1)])])
    before = (first.body(), first.body(gzip=True))
    renderer.render([FamilySamples(row, [(("a",), 2), (("b",), 3)])])
    assert (first.body(), first.body(gzip=True)) == before


def test_an_exposition_cannot_be_changed():
    with pytest.raises(AttributeError):
        SMALL.blocks = ()


def test_a_format_is_kept_ready_while_somebody_asks_for_it():
    renderer = Renderer()
    render = partial(renderer.render, list(small_organization()))
    first = render()
    assert not first._documents.keys() - {False}, "nobody has asked for OpenMetrics"
    whole = first.body(openmetrics=True)
    later = render()
    assert set(later._documents) == {False, True}
    assert later.body(openmetrics=True) == whole
    for _ in range(KEPT_READY):
        later = render()
        later.body(collectors=["cost"])
    assert set(later._documents) == {True}, "the text format has gone unasked for longer"
    for _ in range(2):
        later = render()
    assert not later._documents, "asked for long ago"
    assert later.body(openmetrics=True) == whole
