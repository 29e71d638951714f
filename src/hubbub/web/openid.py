"""The way to a provider of OpenID Connect and back. What binds both to one browser is a secret in its cookie."""

import hmac
import secrets
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from hubbub.errors import Forbidden, HubbubError, NotFound
from hubbub.service.identities import Identified, state_of
from hubbub.web.auth import is_secure, visit_of
from hubbub.web.forms import let_in
from hubbub.web.page import plain_page
from hubbub.web.routes import page_part

if TYPE_CHECKING:
    from hubbub.app import Chat

COOKIE = "hubbub_oidc"
SECURE_COOKIE = "__Host-hubbub_oidc"
COOKIE_MAX_AGE_S = 600
CALLBACK = "/oidc/callback"
CONNECT, SIGN_IN = "connect", "sign-in"
PARAMETER_MAX_CHARS = 4096


def openid_router(chat: "Chat") -> APIRouter:
    router = page_part()

    @router.get("/oidc")
    async def begin(request: Request) -> Response:
        return await _begin(chat, request, "")

    @router.get(CALLBACK)
    async def callback(request: Request) -> Response:
        return await _come_back(chat, request)

    @router.get("/oidc/{invite}")
    async def begin_with_invite(request: Request, invite: str) -> Response:
        return await _begin(chat, request, invite)

    return router


async def way_to_provider(chat: "Chat", request: Request, response: Response, purpose: str, invite: str = "") -> str:
    """The address of the provider. The response's cookie holds what is needed when its answer comes. Raises NotFound
    `no_oidc`, Unavailable."""
    if chat.openid is None:
        raise NotFound("This server knows no provider of OpenID Connect: see its settings.", code="no_oidc")
    secret = secrets.token_urlsafe(32)
    url = await chat.openid.address(secret)
    secure = is_secure(request)
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        f"{secret}.{purpose}.{invite}",
        max_age=COOKIE_MAX_AGE_S,
        httponly=True,
        samesite="lax",  # the answer comes from another site
        secure=secure,
        path="/",
    )
    return url


async def _begin(chat: "Chat", request: Request, invite: str) -> Response:
    response = RedirectResponse("", 303, {"Cache-Control": "no-store"})
    try:
        response.headers["Location"] = await way_to_provider(chat, request, response, SIGN_IN, invite)
    except HubbubError as error:
        return _problem(chat, request, error)
    return response


async def _come_back(chat: "Chat", request: Request) -> Response:
    try:
        response = await _take_answer(chat, request)
    except HubbubError as error:
        response = _problem(chat, request, error)
    secure = is_secure(request)
    response.delete_cookie(SECURE_COOKIE if secure else COOKIE, path="/", secure=secure, httponly=True, samesite="lax")
    return response


async def _take_answer(chat: "Chat", request: Request) -> Response:
    """Raises HubbubError."""
    chat.must_go_on()
    cookie = request.cookies.get(SECURE_COOKIE if is_secure(request) else COOKIE, "")
    secret, _, rest = cookie.partition(".")
    purpose, _, invite = rest.partition(".")
    who = await _identified(chat, request, secret)
    before = await chat.auth.session_of(request)
    if purpose == CONNECT:
        await chat.identities.connect(before, who)
        base = request.scope.get("root_path", "")
        return RedirectResponse(f"{base}/", 303, {"Cache-Control": "no-store"})
    entered = await chat.identities.sign_in(who, visit_of(request), before, invite)
    return let_in(request, entered, invite)


async def _identified(chat: "Chat", request: Request, secret: str) -> Identified:
    """Whom the answer is about. It must be one to this browser's question (RFC 6749, section 10.12), and from our
    provider (RFC 9207)."""
    given = {name: value[:PARAMETER_MAX_CHARS] for name, value in request.query_params.items()}
    asked = secret and hmac.compare_digest(given.get("state", "").encode(), state_of(secret).encode())
    if chat.openid is None or not asked:
        raise Forbidden("This took too long, or began in another browser. Try again.", code="not_asked")
    settings = chat.settings
    if given.get("iss", settings.oidc_issuer) != settings.oidc_issuer or not given.get("code"):
        raise Forbidden(f"{settings.oidc_name} did not sign you in.", code="not_identified")
    return await chat.openid.identify(secret, given["code"], visit_of(request))


def _problem(chat: "Chat", request: Request, error: HubbubError) -> Response:
    place, links = chat.place.name, (("/sign-in", "Back to signing in"),)
    return plain_page(
        request, "form.html", error.status, place=place, title="Sign in", problem=error.words, links=links
    )
