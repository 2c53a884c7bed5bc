"""5,000 keys in 500 workspaces: no minute takes more requests than upstream allows, and memory stays small."""

import os
from collections import Counter
from pathlib import Path

import pytest

from anthropic_exporter.collect.rounds import AT_ONCE
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.simulate.inventory import ApiKey, Inventory, Membership, RateLimit, User, Workspace
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, ScriptedOrganization
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from service.at_work import QUICK, TOKEN, Work, everything

WORKSPACES, KEYS = 500, 5000
NOW = 1_768_000_000.0
LISTS = (
    "organization",
    "workspaces",
    "api_keys",
    "members",
    "invites",
    "service_accounts",
    "rate_limits",
    "spend_limits",
)


class Clock:
    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def large():
    workspaces = [Workspace(f"wrkspc_01Large{n:015d}", f"team-{n}", 1_750_000_000) for n in range(WORKSPACES)]
    return ScriptedOrganization(
        inventory=Inventory(
            workspaces=(DEFAULT_WORKSPACE, *workspaces),
            api_keys=tuple(
                ApiKey(f"apikey_01Large{n:015d}", f"key-{n}", workspaces[n % WORKSPACES].id, 1_750_000_000 + n)
                for n in range(KEYS)
            ),
            users=tuple(User(f"user_{n}", f"User {n}", f"user{n}@example.com", "user", 1) for n in range(200)),
            memberships=tuple(Membership(each.id, "user_1", "workspace_user") for each in workspaces),
            rate_limits=(
                RateLimit(
                    "rl_1",
                    "rlg_1",
                    "model_group",
                    {"requests_per_minute": 4000},
                    models=("claude-opus-5",),
                    overrides={(each.id, "requests_per_minute"): 10 for each in workspaces},
                ),
            ),
        )
    )


def test_no_minute_of_the_inventory_takes_more_than_sixty_requests(large):
    clock = Clock()
    with Simulator(large, Switches(accepted_keys=(TOKEN,)), now=clock) as upstream:
        work = Work(upstream.base_url, Store(":memory:", clock), clock, everything(**QUICK))
        before = resident()
        minutes, held = run(work, clock)
        for _ in range(3):  # and as it goes on, every ten minutes
            clock.now += 600
            cycle(work, LISTS)
            held = max(held, resident())
        sent = Counter(int((request.time - NOW) // 60) for request in upstream.world.log)
        shown = work.text()
        work.stop()
    assert max(sent.values()) < 60
    assert minutes <= WORKSPACES / AT_ONCE + 2
    assert held - before < 100 * 2**20
    assert shown.count("anthropic_workspace_members{") == WORKSPACES
    assert shown.count('limiter="requests_per_minute"} 10') == WORKSPACES
    assert shown.count("anthropic_api_key_info{") == KEYS


def resident():
    """Return the bytes of memory that this process holds, the simulator's too; 0 where that cannot be told."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


def cycle(work, names):
    for name in names:
        poller = work.pollers[name]
        poller.cycle()
        assert poller.health.state == "ok", poller.health.error


def run(work, clock):
    """Let a minute pass at a time, all collectors in it, until each workspace was asked for.

    Returns:
        How many minutes, and the most memory held at the end of one.
    """
    names, held = list(LISTS), 0
    for minute in range(60):
        cycle(work, names)
        held = max(held, resident())
        names = [name for name in LISTS if getattr(work.pollers[name].collector, "resume_after", lambda: None)()]
        if not names:
            return minute + 1, held
        clock.now += 60
    raise AssertionError("it never ends")
