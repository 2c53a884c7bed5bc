import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST

from anthropic_exporter.web.negotiation import OPENMETRICS, TEXT, choose_format, takes_gzip

PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7," + PROMETHEUS_3
)
PROMETHEUS_3_TEXT = "text/plain;version=0.0.4;escaping=underscores;q=0.3,*/*;q=0.2"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


def test_content_types_are_those_of_the_client_libraries():
    assert TEXT == CONTENT_TYPE_PLAIN_0_0_4
    assert OPENMETRICS == CONTENT_TYPE_LATEST


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        (BROWSER, TEXT),
        ("text/plain", TEXT),
        ("text/*", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        ("text/plain; version=1.0.0", TEXT),
        (PROMETHEUS_2_42, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS + "; escaping=allow-utf-8"),
        (PROMETHEUS_3_PROTOBUF, OPENMETRICS + "; escaping=allow-utf-8"),
        (PROMETHEUS_3_TEXT, TEXT + "; escaping=underscores"),
        ("application/openmetrics-text", OPENMETRICS),
        ('APPLICATION/OpenMetrics-Text ; Version="1.0.0"', OPENMETRICS),
        ("application/openmetrics-text;version=0.0.1", TEXT),
        ("application/openmetrics-text;version=2.0.0", TEXT),
        ("application/openmetrics-text;version=2.0.0,application/openmetrics-text;version=1.0.0;q=0.5", OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0;q=0", TEXT),
        ("application/openmetrics-text;version=1.0.0;q=nonsense", TEXT),
        ("application/openmetrics-text;version=1.0.0;q=7", TEXT),
        ("application/openmetrics-text;q=0.3,text/plain;q=0.8", TEXT),
        ("text/plain;q=0.3,application/openmetrics-text;q=0.8", OPENMETRICS),
        ("*/*,application/openmetrics-text;q=0.8", TEXT),
        ("application/vnd.google.protobuf", TEXT),
        # Names would have to be written otherwise under this scheme, which the answer does not claim.
        ("application/openmetrics-text;version=1.0.0;escaping=dots", OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0;escaping=values", OPENMETRICS + "; escaping=values"),
        ("application/openmetrics-text;version=1.0.0;escaping=\r\nX-Evil: 1", OPENMETRICS),
        (";;,,=;q=,", TEXT),
    ],
)
def test_the_format_is_the_best_that_the_client_takes(accept, content_type):
    assert choose_format(accept) == (content_type.startswith("application/openmetrics-text"), content_type)


@pytest.mark.parametrize(
    ("accept_encoding", "taken"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("gzip, deflate, br", True),
        ("gzip;q=0.1, identity", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("deflate", False),
        ("identity", False),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0, gzip", True),
        ("gzip;q=x", False),
    ],
)
def test_gzip_is_used_where_it_is_allowed(accept_encoding, taken):
    assert takes_gzip(accept_encoding) is taken


@given(st.text())
def test_no_header_breaks_it(header):
    assert choose_format(header).content_type.split("; escaping=")[0] in {TEXT, OPENMETRICS}
    assert takes_gzip(header) in {True, False}
