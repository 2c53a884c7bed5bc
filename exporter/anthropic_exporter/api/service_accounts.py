"""GET /v1/organizations/service_accounts: identities for machines."""

from anthropic_exporter.errors import ConfigError, NotSupported
from anthropic_exporter.records import ServiceAccount
from anthropic_exporter.secrets import OAUTH_PREFIX

from .decode import Decoder
from .endpoint import ORGANIZATIONS, Call, Endpoint
from .paging import BY_TOKEN, walk
from .reader import Reader
from .shapes import Id, Shape, Text, TokenPage
from .words import OpenWords

_SERVICE_ACCOUNTS = Endpoint(f"{ORGANIZATIONS}/service_accounts")
_KNOWN = {"organization_role": frozenset({"admin", "developer"})}
# The largest page is not documented.
_LIMIT = ("limit", "100")


class ServiceAccountObject(Shape, frozen=True, kw_only=True):
    """A service account. Source: SDK types/organization/service_account.py."""

    unread = frozenset(
        {
            "type",
            "name",
            "description",
            "created_at",
            "updated_at",
            "created_by_actor_id",
            "updated_by_actor_id",
            "archived_by_actor_id",
        }
    )
    id: Id
    organization_role: Text | None = None
    archived_at: Text | None = None


_PAGE: Decoder[TokenPage[ServiceAccountObject]] = Decoder(TokenPage[ServiceAccountObject])


def service_accounts(reader: Reader) -> list[ServiceAccount]:
    """List the service accounts that are not archived.

    Raises:
        NotSupported: the credential is no OAuth token. Nothing is sent then: a key would be refused, perhaps in the
            same words as one that is wrong.
        PollError: as `errors` describes.
    """
    if not _is_token(reader):
        raise NotSupported(
            f"GET {_SERVICE_ACCOUNTS.name}: only an OAuth token with the scope org:admin may read it",
            endpoint=_SERVICE_ACCOUNTS.name,
            advice="nothing needs doing, unless service accounts are to be counted",
        )
    words = OpenWords(_KNOWN, lambda what: reader.drift(_SERVICE_ACCOUNTS, "unknown_value", what))
    found = {
        told.id: ServiceAccount(told.id, words.of("organization_role", told.organization_role))
        for page in walk(reader, Call(_SERVICE_ACCOUNTS, (_LIMIT,)), _PAGE, BY_TOKEN)
        for told in page.data
        if told.archived_at is None
    }
    return list(found.values())


def _is_token(reader: Reader) -> bool:
    try:
        return reader.credential.value().startswith(OAUTH_PREFIX)
    except ConfigError:
        return True  # the request will say what is wrong with it
