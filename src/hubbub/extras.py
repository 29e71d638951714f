"""What needs an extra of the package, or a library that is used for nothing else: loaded only where the settings ask
for it."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hubbub.errors import SetupError
from hubbub.protocol import Preview
from hubbub.service.accounts import Accounts
from hubbub.service.context import Context
from hubbub.service.previews import Previews
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.service.openid import OpenId
    from hubbub.service.passkeys import Passkeys


Look = Callable[[str], Awaitable[Preview | None]]


def load_openid(settings: Settings, callback: str, *, clock: Callable[[], float]) -> "OpenId | None":
    """`callback`: the path at which the provider sends people back. Raises SetupError when the extra is missing."""
    if not settings.oidc_issuer:
        return None
    with _needing("oidc"):
        from hubbub.service.openid import OpenId
    return OpenId(settings, settings.public_url + callback, clock=clock)


def load_passkeys(context: Context, accounts: Accounts, *, clock: Callable[[], float]) -> "Passkeys | None":
    """Raises SetupError when the extra is missing."""
    if not context.settings.passkeys:
        return None
    with _needing("passkeys"):
        from hubbub.service.passkeys import Passkeys
    return Passkeys(context, accounts, clock=clock)


def load_previews(settings: Settings, *, clock: Callable[[], float]) -> Look | None:
    """What the pages say of themselves to which people link."""
    if not settings.link_previews:
        return None
    from hubbub.service.fetch import fetch

    return Previews(fetch, clock=clock).of


@contextmanager
def _needing(extra: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        words = f"The settings ask for {extra}, which needs the package {error.name}: pip install 'hubbub[{extra}]'."
        raise SetupError(words) from None
