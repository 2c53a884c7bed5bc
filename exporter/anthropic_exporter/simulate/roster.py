"""The people, workspaces and keys of the invented company, as tables."""

NAME = "Halcyon Freight"
BORN = "2025-09-01"

#: name -> (created, archived or "", tags). The first is the default workspace.
WORKSPACES: dict[str, tuple[str, str, dict[str, str]]] = {
    "default": (BORN, "", {}),
    "support-production": ("2025-09-02", "", {"team": "support", "env": "production", "cost-center": "cc-310"}),
    "search-production": ("2025-09-02", "", {"team": "search", "env": "production", "cost-center": "cc-220"}),
    "data-platform": ("2025-09-16", "", {"team": "data", "cost-center": "cc-220"}),
    "engineering": ("2025-09-03", "", {"team": "engineering", "cost-center": "cc-100"}),
    "marketing": ("2025-10-13", "", {"team": "marketing"}),
    "pilot-2025": ("2025-09-10", "2026-03-02", {"team": "sales"}),
}

#: name -> (full name, role, added)
PEOPLE: dict[str, tuple[str, str, str]] = {
    "mira": ("Mira Okonedo", "admin", BORN),
    "jonas": ("Jonas Lindqvist", "developer", "2025-09-02"),
    "aiko": ("Aiko Brandt", "developer", "2025-09-16"),
    "priya": ("Priya Raman", "developer", "2025-10-06"),
    "tomas": ("Tomas Ferro", "claude_code_user", "2026-01-12"),
    "lena": ("Lena Wolfsson", "claude_code_user", "2026-02-09"),
    "samuel": ("Samuel Adeyemi", "billing", "2025-09-05"),
    "ines": ("Ines Caldeira", "user", "2025-10-13"),
    "victor": ("Victor Halloran", "user", "2026-04-20"),
    "noor": ("Noor Haddad", "user", "2026-06-01"),
    "greta": ("Greta Sandoval", "developer", "2026-06-15"),
    "dmitri": ("Dmitri Vale", "admin", "2025-11-03"),
}

#: group -> people
GROUPS: dict[str, tuple[str, ...]] = {
    "Platform": ("mira", "jonas", "dmitri"),
    "Research": ("aiko", "priya", "greta"),
    "Field": ("tomas", "lena", "ines"),
}

#: (workspace, person) -> role
MEMBERS: dict[tuple[str, str], str] = {
    ("support-production", "jonas"): "workspace_admin",
    ("support-production", "priya"): "workspace_developer",
    ("support-production", "noor"): "workspace_user",
    ("search-production", "aiko"): "workspace_admin",
    ("search-production", "jonas"): "workspace_developer",
    ("search-production", "greta"): "workspace_restricted_developer",
    ("data-platform", "priya"): "workspace_admin",
    ("data-platform", "greta"): "workspace_developer",
    ("engineering", "mira"): "workspace_admin",
    ("engineering", "jonas"): "workspace_developer",
    ("engineering", "aiko"): "workspace_developer",
    ("engineering", "tomas"): "workspace_user",
    ("engineering", "lena"): "workspace_user",
    ("marketing", "ines"): "workspace_developer",
    ("marketing", "victor"): "workspace_user",
    ("marketing", "samuel"): "workspace_billing",
    ("pilot-2025", "ines"): "workspace_developer",
}

#: name -> (created, archived or "")
SERVICE_ACCOUNTS: dict[str, tuple[str, str]] = {
    "ci-review": ("2025-09-20", ""),
    "gateway": ("2026-01-19", ""),
    "pilot-bot": ("2025-09-12", "2026-03-02"),
}

#: name -> (workspace or "" for a key of the organization, created, status, expires, creator, acts as).
#: "soon" is a date that is always less than a month ahead, so that there is always a key to rotate.
KEYS: dict[str, tuple[str, str, str, str, str, str]] = {
    "support-production-chat": ("support-production", "2025-09-02", "active", "", "jonas", ""),
    "support-production-triage": ("support-production", "2025-10-18", "active", "soon", "jonas", ""),
    "support-staging-chat": ("support-production", "2025-09-02", "active", "", "priya", ""),
    "support-development-playground": ("support-production", "2025-11-24", "active", "", "priya", ""),  # never used
    "search-production-ranking": ("search-production", "2025-09-02", "active", "", "aiko", ""),
    "search-production-summaries": ("search-production", "2025-09-08", "active", "2029-01-31", "aiko", ""),
    "search-production-websearch": ("search-production", "2025-09-22", "active", "", "aiko", ""),
    "search-production-answers": ("search-production", "2025-10-27", "active", "", "jonas", ""),
    "search-staging-ranking": ("search-production", "2025-09-02", "active", "", "greta", ""),
    "data-production-enrichment": ("data-platform", "2025-09-16", "active", "", "priya", ""),
    "data-production-extraction": ("data-platform", "2025-10-15", "active", "2028-06-30", "priya", ""),
    "data-staging-extraction": ("data-platform", "2025-10-15", "active", "", "greta", ""),
    "data-production-invoices": ("data-platform", "2025-09-17", "active", "", "", ""),
    "engineering-ci-review": ("engineering", "2025-09-20", "active", "", "ci-review", "ci-review"),
    "engineering-ci-tests": ("engineering", "2025-09-20", "active", "soon", "ci-review", "ci-review"),
    "engineering-production-agents": ("engineering", "2025-09-05", "active", "", "mira", ""),
    "engineering-development-sandbox": ("engineering", "2026-08-31", "active", "", "mira", ""),
    "claude_code_key_mira": ("engineering", "2025-09-03", "active", "", "mira", "mira"),
    "claude_code_key_jonas": ("engineering", "2025-09-03", "active", "", "jonas", "jonas"),
    "claude_code_key_aiko": ("engineering", "2025-09-17", "active", "", "aiko", "aiko"),
    "marketing-production-copy": ("marketing", "2025-10-14", "active", "", "ines", ""),
    "marketing-staging-copy": ("marketing", "2025-10-14", "inactive", "", "ines", ""),
    "marketing-production-campaigns": ("marketing", "2025-11-03", "expired", "2026-05-03", "ines", ""),
    "research-development-evals": ("default", "2025-09-01", "active", "", "mira", ""),
    "research-production-notebooks": ("default", "2025-09-01", "active", "", "mira", ""),
    "finance-production-reports": ("default", "2025-11-10", "active", "", "dmitri", ""),
    "platform-production-gateway": ("", "2025-09-01", "active", "2030-01-01", "dmitri", "gateway"),
    "pilot-production-demo": ("pilot-2025", "2025-09-12", "inactive", "", "ines", ""),  # left in an archived workspace
    "pilot-staging-demo": ("pilot-2025", "2025-09-12", "archived", "2026-09-12", "ines", ""),
}

#: (who, role, status, days since it was sent)
INVITES: tuple[tuple[str, str, str, int], ...] = (
    ("rosa.lindholm", "developer", "pending", 3),
    ("felix.amari", "user", "pending", 12),
    ("hugo.perrin", "claude_code_user", "expired", 34),
    ("greta.sandoval", "developer", "accepted", 158),
    ("ola.brekke", "user", "deleted", 20),
)

#: group -> (type, display name, models, limits, {(workspace, limiter): value})
RATE_LIMITS: dict[
    str, tuple[str, str | None, tuple[str, ...] | None, dict[str, int], dict[tuple[str, str], int]]
] = {
    "fable": ("model_group", "Claude Fable 5.x", ("claude-fable-5-2", "claude-fable-5-1"),
              {"requests_per_minute": 1000, "input_tokens_per_minute_cache_aware": 800_000,
               "output_tokens_per_minute": 160_000}, {}),
    "opus": ("model_group", "Claude Opus 5.x", ("claude-opus-5", "claude-opus-5-5"),
             {"requests_per_minute": 4000, "input_tokens_per_minute_cache_aware": 2_000_000,
              "output_tokens_per_minute": 400_000, "fast_itpmca": 300_000, "fast_otpm": 60_000},
             {("engineering", "output_tokens_per_minute"): 150_000}),
    "sonnet": ("model_group", "Claude Sonnet 5.x", ("claude-sonnet-5", "claude-sonnet-5-5"),
               {"requests_per_minute": 4000, "input_tokens_per_minute_cache_aware": 2_000_000,
                "output_tokens_per_minute": 400_000},
               {("support-production", "requests_per_minute"): 2000}),
    "haiku": ("model_group", "Claude Haiku", ("claude-haiku-5-5", "claude-haiku-4-5-20251001", "claude-haiku-4-5"),
              {"requests_per_minute": 8000, "input_tokens_per_minute_cache_aware": 4_000_000,
               "output_tokens_per_minute": 800_000},
              {("marketing", "requests_per_minute"): 200, ("marketing", "output_tokens_per_minute"): 20_000}),
    "older": ("model_group", "Claude Sonnet and Opus 4.x",
              ("claude-opus-4-8", "claude-opus-4-6", "claude-sonnet-4-6", "claude-sonnet-4-5-20250929"),
              {"requests_per_minute": 2000, "input_tokens_per_minute": 800_000, "output_tokens_per_minute": 160_000},
              {}),
    "batch": ("batch", None, None, {"enqueued_batch_requests": 500_000}, {}),
    "token_count": ("token_count", None, None, {"requests_per_minute": 8000}, {}),
    "files": ("files", None, None, {"requests_per_minute": 500}, {}),
    "web_search": ("web_search", None, None, {"tool_uses_per_second": 30}, {}),
}  # fmt: skip

#: (scope, workspace or "", cents)
SPEND_LIMITS: tuple[tuple[str, str, int], ...] = (
    ("workspace", "marketing", 40_000),
    ("workspace", "search-production", 700_000),
    ("organization", "", 3_000_000),
    ("usage_tier", "", 20_000_000),
)
