"""Other ways to sign in than by password: passkeys, and identities at a provider of OpenID Connect."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import StringConstraints

from hubbub.core.models import Passkey, Record
from hubbub.core.text import NAME_MAX_CHARS
from hubbub.errors import NotFound
from hubbub.protocol import Nothing
from hubbub.store import SignedIn
from hubbub.web.api.accounts import Entry, Password, entry_of
from hubbub.web.auth import check_same_origin, site_of, visit_of
from hubbub.web.openid import CONNECT, way_to_provider
from hubbub.web.routes import api_part

if TYPE_CHECKING:
    from hubbub.app import Chat
    from hubbub.service.passkeys import Passkeys

Credential = dict[str, Any]


class PasskeyOptions(Record):
    """For the browser's `PublicKeyCredential`: its methods `parseCreationOptionsFromJSON` and
    `parseRequestOptionsFromJSON` take it."""

    options: dict[str, Any]


class NewPasskey(Record):
    password: Password = ""
    """One's own, if the account has one."""


class MadePasskey(Record):
    name: Annotated[str, StringConstraints(max_length=NAME_MAX_CHARS)]
    """By which one recognises the device."""
    credential: Credential
    """What the browser made, by its method `toJSON`."""


class UsedPasskey(Record):
    credential: Credential


class MyPasskeys(Record):
    passkeys: list[Passkey]
    """The oldest first."""


class Way(Record):
    url: str
    """Where to go on, in the same browser."""


def sign_in_router(chat: "Chat") -> APIRouter:
    router = api_part("accounts")
    _add_passkeys(router, chat)
    _add_entrance(router, chat)
    _add_identity(router, chat)
    return router


def _add_passkeys(router: APIRouter, chat: "Chat") -> None:
    Session = Annotated[SignedIn, Depends(chat.auth.signed_in)]

    @router.get("/me/passkeys")
    async def my_passkeys(me: Session) -> MyPasskeys:
        """Lists one's own."""
        return MyPasskeys(passkeys=await _passkeys(chat).passkeys(me.person))

    @router.post("/me/passkeys/options")
    async def passkey_options(request: Request, me: Session, body: NewPasskey) -> PasskeyOptions:
        """Begins to make one, which has to be done within five minutes."""
        site, visit = site_of(request), visit_of(request)
        return PasskeyOptions(options=await _passkeys(chat).options(me.person, body.password, site, visit))

    @router.post("/me/passkeys", status_code=201)
    async def add_passkey(request: Request, me: Session, body: MadePasskey) -> Passkey:
        """Keeps one that the browser has made."""
        return await _passkeys(chat).add(me.person, body.name, body.credential, site_of(request))

    @router.delete("/me/passkeys/{passkey}")
    async def remove_passkey(me: Session, passkey: str) -> Nothing:
        """Nobody can sign in by it any more. Sessions that were begun by it go on."""
        await _passkeys(chat).remove(me.person, passkey)
        return Nothing()


def _add_entrance(router: APIRouter, chat: "Chat") -> None:
    @router.post("/sessions/passkey/options")
    async def sign_in_options(request: Request) -> PasskeyOptions:
        """Begins to sign in by a passkey, which has to be done within five minutes."""
        check_same_origin(request, chat.settings)
        return PasskeyOptions(options=_passkeys(chat).challenge(site_of(request), visit_of(request)))

    @router.post("/sessions/passkey", status_code=201)
    async def sign_in_by_passkey(request: Request, response: Response, body: UsedPasskey) -> Entry:
        """Signs in: makes a session, in place of the one that is shown, if any."""
        check_same_origin(request, chat.settings)
        before = await chat.auth.session_of(request)
        entered = await _passkeys(chat).sign_in(body.credential, site_of(request), visit_of(request), before)
        return entry_of(request, response, entered)


def _add_identity(router: APIRouter, chat: "Chat") -> None:
    Session = Annotated[SignedIn, Depends(chat.auth.signed_in)]

    @router.post("/me/identity")
    async def connect(request: Request, response: Response, me: Session) -> Way:
        """Begins to connect one's account with who one is at the provider of OpenID Connect. The browser goes on
        there, and comes back."""
        await chat.accounts.account(me.person)
        return Way(url=await way_to_provider(chat, request, response, CONNECT))

    @router.delete("/me/identity")
    async def disconnect(me: Session) -> Nothing:
        """One cannot sign in by the provider any more."""
        await chat.identities.disconnect(me.person)
        return Nothing()


def _passkeys(chat: "Chat") -> "Passkeys":
    if chat.passkeys is None:
        raise NotFound("This server takes no passkeys: its setting `passkeys` is off.", code="no_passkeys")
    return chat.passkeys
