"""Spend limits: what is allowed, what is spent of it, and who asks for more."""

from decimal import Decimal
from typing import Any

from anthropic_exporter.records import NONE, SpendLimit, SpendRequest

from . import amounts
from .decode import Decoder
from .endpoint import ORGANIZATIONS, Call, Endpoint
from .paging import BY_TOKEN, walk
from .reader import Reader
from .shapes import Id, Shape, Text, TokenPage
from .times import parse
from .words import OpenWords

BETA = "spend-limit-reads-2026-09-26"

_LIMITS = Endpoint(f"{ORGANIZATIONS}/spend_limits", (BETA,))
_EFFECTIVE = Endpoint(f"{ORGANIZATIONS}/spend_limits/effective")
_REQUESTS = Endpoint(f"{ORGANIZATIONS}/spend_limit_increase_requests")
_LIMIT = ("limit", "1000")
# The largest page of requests is not documented; no list of this API takes less than 100.
_REQUESTS_LIMIT = ("limit", "100")

_KNOWN = {
    "period": frozenset({"daily", "weekly", "monthly"}),
    "scope": frozenset(
        {"organization", "organization_service", "rbac_group", "seat_tier", "usage_tier", "user", "workspace"}
    ),
}


class ScopeObject(Shape, frozen=True, kw_only=True):
    """What a limit applies to; a union by ``type``, each with the ID of its kind."""

    sometimes = frozenset({"workspace_id", "user_id", "seat_tier", "rbac_group_id", "service"})
    type: Text
    workspace_id: Text | None = None
    user_id: Text | None = None
    seat_tier: Text | None = None
    rbac_group_id: Text | None = None
    service: Text | None = None


class SpendLimitObject(Shape, frozen=True, kw_only=True):
    """A configured cap. Source: manage-claude/spend-limits-api; SDK resources/beta/organization/spend_limits."""

    unread = frozenset({"id", "type", "created_at", "updated_at"})
    amount: Any  # str or null; a JSON number is read too
    currency: Text | None = None
    period: Text
    scope: ScopeObject
    is_enabled: bool | None = None


class EffectiveObject(Shape, frozen=True, kw_only=True):
    """The limit of one member for one period, and what was spent of it. The actor is not read.

    Source: SDK types/organization/spend_summary.py. A spend of "0" can mean that it is not to be had for now.
    """

    unread = frozenset({"actor", "source", "spend_limit_id"})
    amount: Any
    currency: Text | None = None
    period: Text
    period_to_date_spend: Any
    scope: ScopeObject


class RequestObject(Shape, frozen=True, kw_only=True):
    """A request for a higher limit; who asks is not read. Source: SDK types/organization/spend_limits."""

    unread = frozenset({"type", "actor", "period", "resolved_at", "resolved_by", "spend_summary"})
    id: Id
    status: Text
    created_at: Text


_limits: Decoder[TokenPage[SpendLimitObject]] = Decoder(TokenPage[SpendLimitObject])
_effective: Decoder[TokenPage[EffectiveObject]] = Decoder(TokenPage[EffectiveObject])
_requests: Decoder[TokenPage[RequestObject]] = Decoder(TokenPage[RequestObject])


def spend_limits(reader: Reader) -> list[SpendLimit]:
    """List the caps in force; one that is switched off is not."""
    rows = _Rows(reader, _LIMITS)
    return [
        rows.limit(told.scope, told.period, told.currency, told.amount, None)
        for page in walk(reader, Call(_LIMITS, (_LIMIT,)), _limits, BY_TOKEN)
        for told in page.data
        if told.is_enabled is not False
    ]


def effective_spend_limits(reader: Reader) -> list[SpendLimit]:
    """List the limit of each member and what was spent of it in the running period."""
    rows = _Rows(reader, _EFFECTIVE)
    return [
        rows.limit(told.scope, told.period, told.currency, told.amount, told.period_to_date_spend)
        for page in walk(reader, Call(_EFFECTIVE, (_LIMIT,)), _effective, BY_TOKEN)
        for told in page.data
    ]


def spend_limit_increase_requests(reader: Reader) -> list[SpendRequest]:
    """List the requests that wait for an answer."""
    call = Call(_REQUESTS, (_REQUESTS_LIMIT, ("status[]", "pending")))
    found: dict[str, SpendRequest] = {}
    for page in walk(reader, call, _requests, BY_TOKEN):
        for told in page.data:
            if told.status == "pending":
                found[told.id] = SpendRequest(told.id, _time(told.created_at))
    return list(found.values())


class _Rows:
    """Turns rows into records, and counts once what is not as documented."""

    def __init__(self, reader: Reader, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._told: set[str] = set()
        self._reader = reader
        self._words = OpenWords(_KNOWN, self._drift)

    def limit(self, scope: ScopeObject, period: str, currency: str | None, amount: object, spent: object) -> SpendLimit:
        # An amount in another currency is not known in USD; the limit is there all the same.
        foreign = currency not in {None, "USD"}
        if foreign:
            self._drift(f"currency={currency}")
        return SpendLimit(
            self._words.of("scope", scope.type),
            _scope_id(scope),
            self._words.of("period", period),
            None if foreign else self._usd("amount", amount),
            None if foreign else self._usd("period_to_date_spend", spent),
            0,
        )

    def _usd(self, field: str, cents: object) -> Decimal | None:
        if cents is None:
            return None
        if not amounts.is_documented(cents):
            self._drift(f"{field}: a JSON number, not a string")
        try:
            usd = amounts.usd(cents)
        except ValueError as error:
            raise self._endpoint.unreadable(f"{field}: {error}") from None
        if usd < 0:
            raise self._endpoint.unreadable(f"{field}: less than nothing")
        return usd

    def _drift(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._reader.drift(self._endpoint, "unknown_value", what)


def _scope_id(scope: ScopeObject) -> str:
    return scope.workspace_id or scope.user_id or scope.rbac_group_id or scope.seat_tier or scope.service or NONE


def _time(text: str) -> int:
    try:
        return parse(text)
    except ValueError as error:
        raise _REQUESTS.unreadable(str(error)) from None
