import threading

import pytest

from anthropic_exporter.api.admin import AdminApi
from anthropic_exporter.api.pacing import Pacer
from anthropic_exporter.errors import ConfigError, Unavailable
from api.harness import Key, Seen, Upstream, me, ok


def api(base_url):
    return AdminApi(
        base_url=base_url, credential=Key(), pacer=Pacer(0), timeout=5, observer=Seen(), stop=threading.Event()
    )


def test_a_base_url_that_shows_the_key_to_all_is_refused():
    with pytest.raises(ConfigError, match="https"):
        api("http://api.example.com")


def test_what_is_closed_answers_no_more():
    closed = api("http://127.0.0.1:9")
    closed.close()
    with pytest.raises(Unavailable, match="closed"):
        closed.organization()


def test_threads_share_one_api():
    upstream = Upstream(lambda _: ok(me()))
    found, failed = [], []

    def work():
        try:
            found.extend(upstream.api.organization() for _ in range(20))
        except BaseException as error:  # noqa: BLE001 - a thread's failure must reach the test
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(found) == 160
    assert len(upstream.seen.requests) == 160
