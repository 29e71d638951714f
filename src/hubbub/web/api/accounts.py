"""Accounts and sessions over HTTP."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import StringConstraints

from hubbub.core.logins import EMAIL_MAX_CHARS, LOGIN_MAX_CHARS, PASSWORD_MAX_CHARS
from hubbub.core.models import Person, Record, SessionInfo
from hubbub.core.text import NAME_MAX_CHARS
from hubbub.protocol import Nothing
from hubbub.service.accounts import Entered, NewAccount
from hubbub.store import Account, SignedIn
from hubbub.web.auth import check_same_origin, drop_session_cookie, is_secure, set_session_cookie, visit_of
from hubbub.web.routes import api_part

if TYPE_CHECKING:
    from hubbub.app import Chat

Login = Annotated[str, StringConstraints(max_length=EMAIL_MAX_CHARS)]
Password = Annotated[str, StringConstraints(max_length=PASSWORD_MAX_CHARS)]
Email = Annotated[str, StringConstraints(max_length=EMAIL_MAX_CHARS)]


class SignUp(Record):
    login: Annotated[str, StringConstraints(max_length=LOGIN_MAX_CHARS)]
    """Letters of one alphabet, digits, dots, hyphens and underscores: 2 to 32. Nobody else has it."""
    password: Password
    """At least 8 characters, and none of the commonest."""
    name: Annotated[str, StringConstraints(max_length=NAME_MAX_CHARS)] = ""
    """As others see it. Empty: the one that the guest has, or the login name."""
    email: Email = ""
    """For a new password. Empty: none."""
    invite: Annotated[str, StringConstraints(max_length=200)] = ""
    """The code of an invitation, where only people with one may sign up."""


class SignIn(Record):
    login: Login
    """The login name or the e-mail address."""
    password: Password


class Entry(Record):
    person: Person
    token: str
    """Send it as `Authorization: Bearer …`. It is shown only this once."""


class Sessions(Record):
    sessions: list[SessionInfo]
    """The last used first."""


class MyAccount(Record):
    login: str
    email: str | None
    """Null: none."""
    password: bool
    """Whether one can sign in by a password."""
    identity: bool
    """Whether one can sign in by the provider of OpenID Connect."""


class NewPassword(Record):
    old: Password
    new: Password


class NewEmail(Record):
    password: Password
    email: Email
    """Empty: none."""


def accounts_router(chat: "Chat") -> APIRouter:
    router = api_part("accounts")

    @router.post("/accounts", status_code=201)
    async def sign_up(request: Request, response: Response, body: SignUp) -> Entry:
        """Makes an account and a session for it. A guest who shows their token stays the same person. Where a moderator
        has to approve, everything else is refused as `waiting` until then."""
        check_same_origin(request, chat.settings)
        session = await chat.auth.session_of(request)
        entered = await chat.accounts.sign_up(
            NewAccount(**body.model_dump()), visit_of(request), session.person if session else None
        )
        return entry_of(request, response, entered)

    @router.post("/sessions", status_code=201)
    async def sign_in(request: Request, response: Response, body: SignIn) -> Entry:
        """Signs in: makes a session, in place of the one that is shown, if any."""
        check_same_origin(request, chat.settings)
        before = await chat.auth.session_of(request)
        entered = await chat.accounts.sign_in(body.login, body.password, visit_of(request), before)
        return entry_of(request, response, entered)

    _add_sessions(router, chat)
    _add_account(router, chat)
    return router


def _add_sessions(router: APIRouter, chat: "Chat") -> None:
    Session = Annotated[SignedIn, Depends(chat.auth.signed_in)]

    @router.get("/sessions")
    async def list_sessions(me: Session) -> Sessions:
        """Lists where one is signed in."""
        return Sessions(sessions=await chat.accounts.sessions(me))

    @router.delete("/sessions")
    async def end_other_sessions(me: Session) -> Nothing:
        """Signs out everywhere else. Open connections are closed."""
        await chat.accounts.end_others(me)
        return Nothing()

    @router.delete("/sessions/{session}")
    async def end_session(request: Request, response: Response, me: Session, session: str) -> Nothing:
        """Signs out where that session is, or here with `current`. Open connections are closed."""
        if session in ("current", me.session):
            await chat.people.leave(me)
            drop_session_cookie(response, secure=is_secure(request))
        else:
            await chat.accounts.end(me, session)
        return Nothing()


def _add_account(router: APIRouter, chat: "Chat") -> None:
    Session = Annotated[SignedIn, Depends(chat.auth.signed_in)]

    @router.get("/me/account")
    async def my_account(me: Session) -> MyAccount:
        """Says with what one signs in."""
        return await _mine(chat, await chat.accounts.account(me.person))

    @router.put("/me/password")
    async def change_password(request: Request, response: Response, me: Session, body: NewPassword) -> Entry:
        """Changes the password. All sessions end, this one too; the answer has a new one."""
        entered = await chat.accounts.change_password(me, body.old, body.new, visit_of(request))
        return entry_of(request, response, entered)

    @router.put("/me/email")
    async def change_email(request: Request, me: Session, body: NewEmail) -> MyAccount:
        """Changes the e-mail address, or takes it away."""
        return await _mine(chat, await chat.accounts.change_email(me, body.password, body.email, visit_of(request)))


def entry_of(request: Request, response: Response, entered: Entered) -> Entry:
    """A browser, which comes with a cookie or says of which page it is, gets the new one."""
    if (request.cookies or "origin" in request.headers) and "authorization" not in request.headers:
        set_session_cookie(response, entered.token, secure=is_secure(request))
    return Entry(person=entered.person, token=entered.token)


async def _mine(chat: "Chat", account: Account) -> MyAccount:
    identity = await chat.identities.has_one(account.person)
    return MyAccount(login=account.login, email=account.email, password=bool(account.password_hash), identity=identity)
