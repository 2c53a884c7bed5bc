import pytest

from anthropic_exporter.simulate.endpoints.compliance import SLOT, kind, made_at
from anthropic_exporter.simulate.instants import DAY, floor, rfc3339
from simulate.harness import NOW

TODAY = floor(NOW, DAY)
FEED = "/v1/compliance/activities"


@pytest.fixture
def feed(fake, company):
    fake.serve(company)
    fake.simulator.switch(compliance=True)

    def get(status=200, **params):
        answer = fake.client.get(f"{fake.simulator.base_url}{FEED}", params=params)
        assert answer.status_code == status, answer.text
        return answer.json()

    return get


def test_it_is_refused_without_its_scope(fake, company):
    fake.serve(company)
    assert fake.client.get(f"{fake.simulator.base_url}{FEED}").status_code == 403


def test_pages_towards_the_past_and_towards_now_hold_the_same(feed):
    since = {"created_at.gte": rfc3339(TODAY)}
    older, page = [], feed(limit=7, **since)
    older += page["data"]
    while page["has_more"]:
        page = feed(limit=7, after_id=page["last_id"], **since)
        older += page["data"]
    seen = [slot for slot in range(TODAY // SLOT, NOW // SLOT + 1) if made_at(slot) <= NOW - 20]
    assert len({each["id"] for each in older}) == len(older) == len(seen)
    assert [each["created_at"] for each in older] == sorted((each["created_at"] for each in older), reverse=True)
    newer, page = [older[-1]], feed(limit=7, before_id=older[-1]["id"])
    newer += page["data"][::-1]
    while page["has_more"]:
        page = feed(limit=7, before_id=page["first_id"])
        newer += page["data"][::-1]
    assert newer == older[::-1]


def test_nothing_is_there_before_it_can_be_seen(feed, fake):
    slot = NOW // SLOT + 3
    fake.clock.now = made_at(slot) + 5
    assert feed(limit=1)["data"][0]["id"].endswith(f"{slot - 1:022d}")
    fake.clock.now = made_at(slot) + 30
    [newest] = feed(limit=1)["data"]
    assert newest["type"] == kind(slot)
    fake.clock.now = NOW


def test_parameters_are_read_as_strictly_as_the_real_feed_does(feed):
    feed(400, **{"created_at[gte]": rfc3339(TODAY)})
    feed(400, after_id="activity_01a", before_id="activity_01b")
    feed(400, limit=5001)
    feed(400, after_id="activity_01nonsense")
