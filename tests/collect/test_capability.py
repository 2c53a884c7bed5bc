import pytest

from anthropic_exporter.collect.capability import PATIENCE, Capability
from anthropic_exporter.errors import NotSupported, Unavailable
from collect.upstream import DictMemory

NOW = 1_790_000_000.0


class Endpoints:
    """Two endpoints of one purpose, each of which answers, is not offered, or fails."""

    def __init__(self):
        self.answers = {"old": "ok", "new": "ok"}
        self.asked = []
        self.memory = DictMemory()
        self.capability = Capability("cost", self.memory)

    def ask(self, now=NOW, names=("new", "old")):
        self.asked.clear()
        return self.capability.ask([(name, lambda name=name: self._call(name)) for name in names], now)[0]

    def _call(self, name):
        self.asked.append(name)
        if self.answers[name] == "not offered":
            raise NotSupported(f"{name} is not offered")
        if self.answers[name] == "fails":
            raise Unavailable(f"{name} fails")
        return name


@pytest.fixture
def endpoints():
    return Endpoints()


def test_the_first_endpoint_that_answers_is_chosen_and_kept(endpoints):
    endpoints.answers["new"] = "not offered"
    assert endpoints.capability.endpoint == ""
    assert endpoints.ask() == "old"
    endpoints.answers["new"] = "ok"
    assert endpoints.ask(NOW + 10 * PATIENCE) == "old"
    assert endpoints.asked == ["old"]
    assert endpoints.capability.endpoint == "old"


def test_the_choice_outlives_the_process(endpoints):
    endpoints.answers["new"] = "not offered"
    endpoints.ask()
    endpoints.answers["new"] = "ok"
    endpoints.capability = Capability("cost", endpoints.memory)
    assert endpoints.ask() == "old"


def test_a_failure_decides_nothing(endpoints):
    endpoints.answers["new"] = "fails"
    with pytest.raises(Unavailable):
        endpoints.ask()
    assert endpoints.capability.endpoint == ""
    assert endpoints.asked == ["new"]


def test_an_endpoint_that_fails_is_never_left(endpoints):
    endpoints.ask()
    endpoints.answers["new"] = "fails"
    for day in range(5):
        with pytest.raises(Unavailable):
            endpoints.ask(NOW + day * PATIENCE)
        assert endpoints.asked == ["new"]


def test_a_refusal_is_borne_for_a_day_and_then_another_endpoint_takes_over(endpoints, caplog):
    caplog.set_level("INFO")
    endpoints.ask()
    endpoints.answers["new"] = "not offered"
    for seconds in (0, 3600, PATIENCE - 1):
        with pytest.raises(NotSupported, match="new is not offered"):
            endpoints.ask(NOW + seconds)
        assert endpoints.asked == ["new"]
    caplog.clear()
    assert endpoints.ask(NOW + PATIENCE) == "old"
    assert [(r.purpose, r.endpoint, r.before) for r in caplog.records] == [("cost", "old", "new")]
    endpoints.answers["new"] = "ok"
    assert endpoints.ask(NOW + 2 * PATIENCE) == "old"


def test_an_answer_ends_the_patience(endpoints):
    endpoints.ask()
    endpoints.answers["new"] = "not offered"
    with pytest.raises(NotSupported):
        endpoints.ask(NOW)
    endpoints.answers["new"] = "ok"
    assert endpoints.ask(NOW + 3600) == "new"
    endpoints.answers["new"] = "not offered"
    with pytest.raises(NotSupported):
        endpoints.ask(NOW + PATIENCE + 1)
    assert endpoints.capability.endpoint == "new"


def test_the_choice_stays_while_no_other_endpoint_is_offered(endpoints):
    endpoints.ask()
    endpoints.answers = {"old": "not offered", "new": "not offered"}
    for seconds in (0, PATIENCE, 2 * PATIENCE):
        with pytest.raises(NotSupported, match="is not offered"):
            endpoints.ask(NOW + seconds)
    endpoints.answers = {"old": "ok", "new": "ok"}
    assert endpoints.ask(NOW + 3 * PATIENCE) == "new"


def test_the_only_endpoint_says_itself_that_it_is_not_offered(endpoints):
    endpoints.ask(names=("new",))
    endpoints.answers["new"] = "not offered"
    for seconds in (0, 2 * PATIENCE):
        with pytest.raises(NotSupported, match="new is not offered"):
            endpoints.ask(NOW + seconds, names=("new",))


def test_where_none_is_offered_the_preferred_one_says_why(endpoints):
    endpoints.answers = {"old": "not offered", "new": "not offered"}
    with pytest.raises(NotSupported, match="new is not offered"):
        endpoints.ask()
    assert endpoints.capability.endpoint == ""


def test_the_configuration_may_leave_out_what_was_chosen(endpoints):
    assert endpoints.ask() == "new"
    assert endpoints.ask(names=("old",)) == "old"
    assert endpoints.capability.endpoint == "old"
    with pytest.raises(NotSupported, match="no endpoint is configured for cost"):
        endpoints.ask(names=())
