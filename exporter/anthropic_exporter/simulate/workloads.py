"""What the invented company does with Claude, as a table."""

from .line import Kind
from .workload import Rhythm, Workload

OPUS = (
    ("2025-09-01", "claude-opus-4-1-20250805"),
    ("2025-12-03", "claude-opus-4-5-20251101"),
    ("2026-02-18", "claude-opus-4-6"),
    ("2026-05-20", "claude-opus-4-8"),
    ("2026-08-05", "claude-opus-5"),
    ("2026-10-01", "claude-opus-5-5"),
)
SONNET = (
    ("2025-09-01", "claude-sonnet-4-5-20250929"),
    ("2026-02-24", "claude-sonnet-4-6"),
    ("2026-07-08", "claude-sonnet-5"),
    ("2026-10-14", "claude-sonnet-5-5"),
)
HAIKU = (("2025-10-20", "claude-haiku-4-5-20251001"), ("2026-10-21", "claude-haiku-5-5"))


def _claude_code(
    user: str,
    models: tuple[tuple[str, str], ...],
    requests: int,
    *,
    terminal: str = "vscode",
    kind: Kind = "messages",
) -> Workload:
    """One person who writes code: long cached conversations, little that is new."""
    return Workload(
        name=f"claude-code-{user}",
        workspace="engineering",
        models=models,
        requests=requests,
        per_request=(320, 3900, 0, 78_000, 680),
        rhythm=Rhythm.AMERICA if terminal == "iTerm.app" else Rhythm.EUROPE,
        product="claude_code",
        user=user,
        key=f"claude_code_key_{user}",
        kind=kind,
        terminal=terminal,
    )


# A workload is a row or two of a table.
# fmt: off
WORKLOADS = (
    # Support: a chat that never sleeps, its prompt in the cache, and a small model that sorts the tickets.
    Workload("support chat", "support-production", "support-production-chat", SONNET, 9000, (600, 350, 0, 9000, 380),
             Rhythm.CUSTOMERS),
    Workload("support triage", "support-production", "support-production-triage", HAIKU, 22_000, (900, 0, 0, 3000, 60),
             Rhythm.CUSTOMERS),
    Workload("support staging", "support-production", "support-staging-chat", SONNET, 380, (600, 700, 0, 7000, 350),
             Rhythm.EUROPE),
    # Search: many tiny calls, some large ones, the web, and customers whose data stays in the US.
    Workload("search ranking", "search-production", "search-production-ranking", HAIKU, 60_000, (1400, 0, 0, 0, 20),
             Rhythm.CUSTOMERS),
    Workload("search summaries", "search-production", "search-production-summaries", OPUS, 2400,
             (2500, 0, 900, 14_000, 700), Rhythm.CUSTOMERS),
    Workload("search long documents", "search-production", "search-production-summaries", HAIKU, 380,
             (128_000, 0, 0, 0, 900), Rhythm.EUROPE, long_prompt=True),
    Workload("search the web", "search-production", "search-production-websearch", SONNET, 700,
             (9000, 0, 0, 20_000, 1100), Rhythm.EUROPE, searches_per_mille=1500),
    Workload("search US answers", "search-production", "search-production-answers", OPUS, 620,
             (2600, 400, 0, 12_000, 650), Rhythm.AMERICA, geo="us"),
    Workload("search staging", "search-production", "search-staging-ranking", HAIKU, 900, (1400, 0, 0, 0, 20),
             Rhythm.EUROPE),
    # Data: batches at night, and one program that nobody dares to touch.
    Workload("data enrichment", "data-platform", "data-production-enrichment", SONNET, 14_000, (2200, 0, 0, 0, 450),
             Rhythm.NIGHTLY, tier="batch", product="message_batches_api"),
    Workload("data extraction", "data-platform", "data-production-extraction",
             (("2025-10-20", "claude-haiku-4-5-20251001"),), 30_000, (1800, 0, 0, 0, 150), Rhythm.NIGHTLY, tier="batch",
             product="message_batches_api"),
    Workload("data staging", "data-platform", "data-staging-extraction", HAIKU, 500, (1800, 0, 0, 0, 150),
             Rhythm.NIGHTLY, tier="batch", product="message_batches_api"),
    Workload("data legacy", "data-platform", "data-production-invoices",
             (("2025-09-29", "claude-sonnet-4-5-20250929"),), 1500, (1500, 0, 0, 0, 300), Rhythm.STEADY),
    Workload("data code", "data-platform", "data-production-enrichment", (("2026-03-01", "-"),), 210, (0, 0, 0, 0, 0),
             Rhythm.NIGHTLY, kind="code_execution", milli_hours=117),
    # Engineering: reviews by machines, agents in fast mode, people with Claude Code.
    Workload("ci review", "engineering", "engineering-ci-review", SONNET, 350, (14_000, 6000, 0, 40_000, 1600),
             Rhythm.PIPELINE, product="claude_code", service_account="ci-review", terminal="non-interactive"),
    Workload("ci tests", "engineering", "engineering-ci-tests", HAIKU, 1200, (5200, 0, 0, 8000, 400), Rhythm.PIPELINE,
             service_account="ci-review"),
    Workload("agents fast", "engineering", "engineering-production-agents",
             (("2026-08-05", "claude-opus-5"), ("2026-10-01", "claude-opus-5-5")), 210, (6000, 3000, 0, 60_000, 1800),
             Rhythm.PIPELINE, speed="fast"),
    Workload("agents", "engineering", "engineering-production-agents", OPUS, 290, (6000, 0, 3000, 60_000, 1800),
             Rhythm.PIPELINE),
    Workload("agent sessions", "engineering", "engineering-production-agents", (("2026-08-05", "-"),), 64,
             (0, 0, 0, 0, 0), Rhythm.PIPELINE, kind="session_usage", milli_hours=640, product="managed_agents_api"),
    Workload("sandbox", "engineering", "engineering-development-sandbox",
             (("2026-09-07", "claude-fable-5-1"), ("2026-11-12", "claude-fable-5-2")), 58,
             (12_000, 0, 8000, 30_000, 3000), Rhythm.EUROPE),
    _claude_code("mira", OPUS, 330),
    _claude_code("jonas", SONNET, 260),
    _claude_code("aiko", OPUS, 210, terminal="iTerm.app"),
    _claude_code("tomas", SONNET, 150, terminal="iTerm.app", kind="subscription"),
    _claude_code("lena", OPUS, 90, terminal="tmux", kind="subscription"),
    # Marketing: should use the small model, and mostly does.
    Workload("marketing copy", "marketing", "marketing-production-copy", HAIKU, 800, (1100, 0, 0, 0, 700),
             Rhythm.EUROPE),
    Workload("marketing temptation", "marketing", "marketing-production-copy", OPUS, 26, (1500, 0, 0, 0, 1200),
             Rhythm.EUROPE),
    # The default workspace: research, a commitment of finance, and people in the Workbench, who need no key.
    Workload("evals", "default", "research-development-evals", (("2026-09-20", "claude-lumen-preview"),), 120,
             (4000, 0, 0, 0, 1800), Rhythm.EUROPE),
    Workload("notebooks", "default", "research-production-notebooks",
             (("2026-02-18", "claude-opus-4-6"), ("2026-05-20", "claude-opus-4-8")), 34, (240_000, 0, 0, 0, 2500),
             Rhythm.EUROPE, context_window="200k-1M"),
    Workload("finance", "default", "finance-production-reports",
             (("2025-11-15", "claude-sonnet-4-5-20250929"), ("2026-03-10", "claude-sonnet-4-6")), 140,
             (5200, 0, 0, 9000, 900), Rhythm.AMERICA, tier="priority"),
    Workload("workbench mira", "default", None, OPUS, 40, (1900, 0, 0, 0, 380), Rhythm.EUROPE,
             product="claude_console", user="mira"),
    Workload("workbench priya", "default", None, SONNET, 25, (1200, 0, 0, 0, 450), Rhythm.AMERICA,
             product="claude_console", user="priya"),
    Workload("gateway", "default", "platform-production-gateway", SONNET, 160, (900, 0, 0, 4000, 300), Rhythm.STEADY,
             service_account="gateway"),
    # What has ended: the pilot in the workspace that is archived now.
    Workload("pilot", "pilot-2025", "pilot-production-demo",
             (("2025-09-29", "claude-sonnet-4-5-20250929"), ("2026-02-02", "")), 420, (1600, 0, 0, 2000, 420),
             Rhythm.AMERICA),
)
# fmt: on
