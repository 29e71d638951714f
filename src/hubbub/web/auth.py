"""Who is on the other side of a request or a socket, and from which web page it comes."""

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from hubbub.core.challenges import Site
from hubbub.core.models import Person, Place
from hubbub.core.policy import must_be_let_in
from hubbub.core.visits import Visit, agent_of
from hubbub.errors import Forbidden, SignInNeeded
from hubbub.service.people import People
from hubbub.settings import Settings
from hubbub.store import SignedIn

COOKIE = "hubbub_session"
SECURE_COOKIE = "__Host-hubbub_session"
COOKIE_MAX_AGE_S = 365 * 24 * 3600
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

cookie_scheme = APIKeyCookie(name=COOKIE, auto_error=False)
bearer_scheme = HTTPBearer(
    auto_error=False, description="A session token, as `POST /api/guests` or `POST /api/sessions` gives it."
)


def visit_of(connection: HTTPConnection) -> Visit:
    """From where somebody comes, as the server believes it."""
    address = connection.client.host if connection.client else ""
    return Visit(agent_of(connection.headers.get("user-agent", "")), address)


def set_session_cookie(response: Response, token: str, *, secure: bool) -> None:
    """`secure`: the page was asked for by https, so the cookie is bound to this host and to https
    (RFC 6265bis, section 4.1.3.2)."""
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        token,
        max_age=COOKIE_MAX_AGE_S,
        httponly=True,
        samesite="lax",
        secure=secure,
        path="/",
    )


def drop_session_cookie(response: Response, *, secure: bool) -> None:
    response.delete_cookie(SECURE_COOKIE if secure else COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


def is_secure(connection: HTTPConnection) -> bool:
    return own_origin(connection).startswith("https")


def origin_allowed(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether the web page that asks, if it is one, is this server's own or a listed one.
    Browsers always send Origin with a WebSocket handshake and with an unsafe request (RFC 6454, section 7)."""
    origins = connection.headers.getlist("origin")
    if not origins:
        return True
    if len(origins) > 1:
        return False
    return origins[0] in settings.origins or origins[0] == own_origin(connection)


def own_origin(connection: HTTPConnection) -> str:
    """The origin of pages that this server serves, as the browser sees it."""
    secure = connection.url.scheme in ("https", "wss")
    host = connection.headers.get("host", "")
    scheme, default_port = ("https", ":443") if secure else ("http", ":80")
    return f"{scheme}://{host.lower().removesuffix(default_port)}"


def site_of(connection: HTTPConnection) -> Site:
    """For which passkeys are."""
    origin = own_origin(connection)
    return Site(origin, urlsplit(origin).hostname or "")


def check_same_origin(connection: HTTPConnection, settings: Settings) -> None:
    """Raises Forbidden for a request that changes something and comes from a foreign page."""
    if connection.scope.get("method", "GET") in SAFE_METHODS:
        return
    foreign = connection.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    listed = connection.headers.get("origin") in settings.origins
    if not origin_allowed(connection, settings) or (foreign and not listed):
        raise Forbidden("This request comes from a page of another site.", code="foreign_origin")


class Auth:
    """Finds the person of a request. `current` and `signed_in` are FastAPI dependencies, on HTTP routes and sockets
    alike."""

    def __init__(self, people: People, settings: Settings, place: Callable[[], Place]) -> None:
        self._people = people
        self._settings = settings
        self._place = place

    def origin_allowed(self, connection: HTTPConnection) -> bool:
        return origin_allowed(connection, self._settings)

    async def person_of(self, connection: HTTPConnection) -> Person | None:
        """As `session_of`. Raises Forbidden for somebody who may do nothing now."""
        session = await self.session_of(connection)
        return must_be_let_in(session.person, self._place()) if session else None

    async def session_of(self, connection: HTTPConnection) -> SignedIn | None:
        """Whose token or cookie it brings, as the store has it now."""
        token = self._token_of(connection)
        return await self._people.who(token) if token else None

    async def session_to_greet(self, connection: HTTPConnection) -> SignedIn | None:
        """The same for a connection that will be greeted: it spares a read when the session was used lately (see
        `People.who_lately`). Raises Forbidden for somebody who may do nothing now."""
        token = self._token_of(connection)
        if not token:
            return None
        if lately := self._people.who_lately(token):
            with suppress(Forbidden):  # that may have changed
                must_be_let_in(lately.person, self._place())
                return lately
        if found := await self._people.who(token):
            must_be_let_in(found.person, self._place())
        return found

    def _token_of(self, connection: HTTPConnection) -> str | None:
        """The bearer token, else the cookie. A cookie counts only without an Origin that is foreign, and on a socket
        only with one that is ours: a program that is not a browser shows a token."""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return token.strip()
        cookie = connection.cookies.get(SECURE_COOKIE) or connection.cookies.get(COOKIE)
        if not cookie or not origin_allowed(connection, self._settings):
            return None
        if connection.scope["type"] == "websocket" and "origin" not in connection.headers:
            return None
        return cookie

    async def current(
        self,
        connection: HTTPConnection,
        _cookie: Annotated[str | None, Depends(cookie_scheme)] = None,
        _bearer: Annotated[object, Depends(bearer_scheme)] = None,
    ) -> Person:
        """Raises SignInNeeded, or Forbidden for a change that a foreign page asks for by cookie, or for somebody who
        may do nothing now."""
        return must_be_let_in((await self.signed_in(connection)).person, self._place())

    async def signed_in(
        self,
        connection: HTTPConnection,
        _cookie: Annotated[str | None, Depends(cookie_scheme)] = None,
        _bearer: Annotated[object, Depends(bearer_scheme)] = None,
    ) -> SignedIn:
        """The same with the session, and also while an account waits."""
        if "authorization" not in connection.headers:
            check_same_origin(connection, self._settings)
        session = await self.session_of(connection)
        if session is None:
            raise SignInNeeded("Nobody is signed in. Open the page, or POST /api/guests and send its token.")
        return session
