"""The renderer against the parsers of prometheus_client, its own writer, and promtool."""

import math
import random
import struct
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families

from anthropic_exporter.expose.escape import well_formed
from anthropic_exporter.expose.family import Family, FamilySamples
from anthropic_exporter.expose.text import Renderer, number
from expose.small_organization import small_organization
from reviewed import GOLDEN, assert_reviewed

EOF = b"# EOF\n"

GAUGE = Family("demo_size_bytes", "gauge", "bytes", ("organization_id", "name"), "usage", "How large it is.")
COUNTER = Family("demo_spent_usd_total", "counter", "usd", ("organization_id", "name"), "cost", "How much it cost.")

#: Every character there is, those that JSON can smuggle in too, and often those that hurt.
labels = st.text(st.characters() | st.sampled_from('\\"\n\r\t\0 {},=#\x1b\x85\u2028\ud800\udc00'))
integers = st.integers(0, 2**63)
money = st.decimals(0, 10**12, places=12, allow_nan=False)
floats = st.floats(0, allow_nan=False)


def render(*families):
    return Renderer().render(families)


def parse_text(exposition):
    return list(text_string_to_metric_families(exposition.body().decode()))


def parse_openmetrics(exposition):
    return list(
        openmetrics_parser.text_string_to_metric_families(exposition.body(openmetrics=True, dynamic=EOF).decode())
    )


def flat(metrics):
    """Every sample by all that names it, as the float64 that Prometheus keeps: the parsers read integers exactly."""
    return {
        (metric.name, metric.type, metric.documentation, sample.name, tuple(sorted(sample.labels.items()))): float(
            sample.value
        )
        for metric in metrics
        for sample in metric.samples
    }


PARSERS = pytest.mark.parametrize("parse", [parse_text, parse_openmetrics])


@PARSERS
@given(organization=labels, name=labels)
@example(organization="\\n", name='\\"')
@example(organization='a"} 1\nup{x="', name="# EOF")
def test_any_label_text_reads_back_as_it_was(parse, organization, name):
    [metric] = parse(render(FamilySamples(GAUGE, [((organization, name), 1)])))
    [sample] = metric.samples
    assert sample.labels == {"organization_id": well_formed(organization), "name": well_formed(name)}


@given(labels)
def test_well_formed_text_is_utf_8_and_otherwise_untouched(text):
    assert well_formed(text).encode().decode() == well_formed(text)
    if not any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        assert well_formed(text) == text


def test_lone_surrogates_become_the_replacement_character_and_pairs_what_they_mean():
    assert well_formed("a\ud83db") == "a\ufffdb"
    assert well_formed("\ud83d\ude00") == "😀"


@PARSERS
@given(value=integers | money | floats)
def test_any_value_reads_back_as_the_same_float(parse, value):
    [metric] = parse(render(FamilySamples(COUNTER, [(("o", "n"), value)])))
    assert struct.pack("d", metric.samples[0].value) == struct.pack("d", float(value))


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        (0, b"0"),
        (True, b"1"),
        (2**53 + 1, b"9007199254740993"),
        (-3, b"-3"),
        (0.1, b"0.1"),
        (1e22, b"1e+22"),
        (1.0, b"1.0"),
        (Decimal("12.50"), b"12.5"),
        (Decimal("0.1000000000000000055511151231257827"), b"0.1"),
        (Decimal("1E+3"), b"1000.0"),
        (math.nan, b"NaN"),
        (math.inf, b"+Inf"),
        (-math.inf, b"-Inf"),
    ],
)
def test_values_are_spelled_as_both_formats_demand(value, spelled):
    assert number(value) == spelled


@st.composite
def families(draw):
    """Families with distinct names, each with samples; the reference needs the same data in its own classes."""
    names = draw(st.lists(st.from_regex(r"[a-z]{1,8}(_[a-z]{1,6}){0,2}", fullmatch=True), unique=True, max_size=4))
    found = []
    for name in names:
        counter = draw(st.booleans())
        arity = draw(st.integers(0, 3))
        row = Family(
            f"x_{name}_usd_total" if counter else f"x_{name}_usd",
            "counter" if counter else "gauge",
            "usd",
            ("organization_id", "model", "role")[:arity],
            "usage",
            draw(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1)),
        )
        rows = draw(
            st.dictionaries(
                st.tuples(*[st.text(st.characters(codec="utf-8"))] * arity),
                integers | money | floats,
                min_size=1,
                max_size=4,
            )
        )
        found.append(FamilySamples(row, list(rows.items())))
    return found


class Reference:
    def __init__(self, parts):
        self.parts = parts

    def collect(self):
        for part in self.parts:
            kind = CounterMetricFamily if part.family.kind == "counter" else GaugeMetricFamily
            metric = kind(part.family.name, part.family.help, labels=part.family.labels, unit="usd")
            for values, value in part.samples:
                metric.add_metric(values, float(value))
            yield metric


@given(families())
def test_both_formats_say_what_prometheus_client_says(parts):
    registry = CollectorRegistry()
    registry.register(Reference(parts))
    exposition = render(*parts)
    ours = flat(parse_text(exposition))
    assert ours == flat(text_string_to_metric_families(generate_latest(registry).decode()))
    assert len(ours) == sum(len(part.samples) for part in parts)
    theirs = openmetrics.generate_latest(registry).decode()
    assert flat(parse_openmetrics(exposition)) == flat(openmetrics_parser.text_string_to_metric_families(theirs))


@given(families(), st.randoms(use_true_random=False))
def test_equal_samples_give_equal_bytes_in_whatever_order_they_come(parts, shuffler: random.Random):
    mixed = [FamilySamples(part.family, shuffler.sample(part.samples, len(part.samples))) for part in parts]
    shuffler.shuffle(mixed)
    assert render(*mixed).body() == render(*parts).body()


@given(st.lists(families(), max_size=4))
def test_a_renderer_that_has_rendered_before_gives_what_a_new_one_gives(rounds):
    renderer = Renderer()
    for parts in rounds:
        again, fresh = renderer.render(parts), render(*parts)
        for openmetrics_wanted in (False, True):
            for gzip in (False, True):
                wanted = {"openmetrics": openmetrics_wanted, "gzip": gzip}
                assert again.body(**wanted) == fresh.body(**wanted)


def test_a_family_that_did_not_move_is_not_rendered_again():
    renderer = Renderer()
    still = FamilySamples(GAUGE, [(("o", "a"), 1)])
    first = renderer.render([still, FamilySamples(COUNTER, [(("o", "a"), 1)])])
    second = renderer.render([still, FamilySamples(COUNTER, [(("o", "a"), 2)])])
    same = {new.family: new is old for old, new in zip(first.blocks, second.blocks, strict=True)}
    assert same == {GAUGE: True, COUNTER: False}
    assert b'{organization_id="o",name="a"} 2\n' in second.body()


def test_prefixes_of_series_that_are_gone_are_dropped():
    renderer = Renderer()
    renderer.render(
        [FamilySamples(GAUGE, [(("o", "one"), 1), (("o", "two"), 2)]), FamilySamples(COUNTER, [(("o", "n"), 1)])]
    )
    renderer.render([FamilySamples(GAUGE, [(("o", "two"), 2)])])
    assert {name: set(kept._prefixes) for name, kept in renderer._kept.items()} == {GAUGE.name: {("o", "two")}}


def test_organizations_share_one_header_and_series_are_sorted_by_labels():
    exposition = render(
        FamilySamples(GAUGE, [(("b", "2"), 1), (("b", "10"), 2)]), FamilySamples(GAUGE, [(("a", "3"), 3)])
    )
    assert exposition.body().decode().splitlines() == [
        "# HELP demo_size_bytes How large it is.",
        "# TYPE demo_size_bytes gauge",
        'demo_size_bytes{organization_id="a",name="3"} 3',
        'demo_size_bytes{organization_id="b",name="10"} 2',
        'demo_size_bytes{organization_id="b",name="2"} 1',
    ]
    assert exposition.series == {"demo_size_bytes": 3}


def test_a_series_that_two_parts_name_is_shown_once():
    exposition = render(FamilySamples(GAUGE, [(("a", "1"), 1)]), FamilySamples(GAUGE, [(("a", "1"), 2)]))
    assert exposition.body().splitlines()[2:] == [b'demo_size_bytes{organization_id="a",name="1"} 2']


def test_a_family_without_samples_is_absent():
    assert render(FamilySamples(GAUGE, [])).body() == b""


def test_openmetrics_names_the_family_of_a_counter_without_total_and_tells_its_unit():
    exposition = render(FamilySamples(COUNTER, [(("o", "n"), 1)]))
    assert exposition.body(openmetrics=True, dynamic=EOF).decode().splitlines() == [
        "# HELP demo_spent_usd How much it cost.",
        "# TYPE demo_spent_usd counter",
        "# UNIT demo_spent_usd usd",
        'demo_spent_usd_total{organization_id="o",name="n"} 1',
        "# EOF",
    ]


def test_a_unit_that_the_name_does_not_end_with_is_not_told():
    odd = Family("demo_info", "gauge", "seconds", ("name",), "usage", "Odd.")
    assert b"UNIT" not in render(FamilySamples(odd, [(("n",), 1)])).body(openmetrics=True, dynamic=EOF)


@PARSERS
def test_help_reads_back_as_it_was(parse):
    text = 'Back\\slash, new\nline and "quotes".'
    row = Family("demo_things", "gauge", "", (), "usage", text)
    [metric] = parse(render(FamilySamples(row, [((), 1)])))
    assert metric.documentation == text


@pytest.mark.parametrize("labels", [("only one",), ("one", "two", "three")])
def test_a_sample_with_the_wrong_number_of_labels_is_refused(labels):
    assert len(labels) != len(GAUGE.labels)
    with pytest.raises(TypeError, match="arguments"):
        render(FamilySamples(GAUGE, [(labels, 1)]))


GOLDENS = pytest.mark.parametrize(
    ("file", "openmetrics_wanted", "tail"),
    [("small_organization.prom", False, b""), ("small_organization.openmetrics", True, EOF)],
)


@GOLDENS
def test_exposition_is_as_reviewed(file, openmetrics_wanted, tail):
    body = Renderer().render(small_organization()).body(openmetrics=openmetrics_wanted, dynamic=tail)
    assert_reviewed(file, body.decode())


def test_the_reviewed_expositions_hold_the_same_samples():
    text = text_string_to_metric_families((GOLDEN / "small_organization.prom").read_text())
    other = openmetrics_parser.text_string_to_metric_families((GOLDEN / "small_organization.openmetrics").read_text())
    assert flat(text) == flat(other)


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_wrong_with_the_exposition(promtool):
    assert promtool((GOLDEN / "small_organization.prom").read_bytes()) == (0, "")


@pytest.mark.needs("promtool")
def test_promtool_reads_every_character(promtool):
    hard = "".join(map(chr, range(0x250))) + '\u2028\ud800\U0001f600\\\\\\"\n'
    row = Family("demo_hard_bytes", "gauge", "bytes", ("text",), "usage", 'Hard "text" \\ and\nmore.')
    values = [((hard,), 1), ((hard[::-1],), math.inf), (("\\",), math.nan), (("",), 1e-300)]
    assert promtool(render(FamilySamples(row, values)).body()) == (0, "")
