"""Identities: who somebody is at the provider of OpenID Connect that this place trusts."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from hubbub.core import logins, rules
from hubbub.core.models import Person
from hubbub.core.text import NAME_MAX_CHARS, clean_name
from hubbub.core.visits import Visit
from hubbub.errors import Conflict, Forbidden, HubbubError, Invalid, SignInNeeded
from hubbub.service.accounts import Cleaned, Entered, account_of, begin_session, join
from hubbub.service.context import Context, token_hash
from hubbub.service.people import end_session, must_be_free
from hubbub.store import SignedIn, Transaction

NAMESAKES_MAX = 1000
NOBODY = "account-0"
"""Nobody has come so long ago."""
_NOT_IN_LOGINS = re.compile(r"[^\w.-]+|^[\W_]+")


class Identified(NamedTuple):
    """Whom a provider has told us of. What it does not know is empty."""

    issuer: str
    subject: str
    """By which the provider knows them, for ever."""
    login: str
    name: str
    email: str
    """Only one that it has verified."""


def state_of(secret: str) -> str:
    """What a provider has to send back, to whoever has this secret."""
    return token_hash(f"state {secret}")


class Identities:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def sign_in(self, who: Identified, visit: Visit, before: SignedIn | None, invite: str = "") -> Entered:
        """Whoever is known comes in; whoever is not gets an account, as by `Accounts.sign_up`: `before`, the session of
        the same browser, may be a guest's, who stays the same person. Raises Forbidden, NotFound."""
        token = self._context.new_token()

        def change(tx: Transaction) -> Entered:
            person = tx.person(tx.person_identified(who.issuer, who.subject) or "")
            if person is None:
                guest = before.person if before and before.person.kind == "guest" else None
                entered = join(self._context, tx, self._account(tx, who, guest), guest, invite, visit, token)
                tx.add_identity(entered.person.id, who.issuer, who.subject, self._context.now())
                return entered
            if before:
                end_session(tx, before.person.id, before.session)
            return begin_session(self._context, tx, person, token, visit)

        return await self._context.store.write(change)

    async def connect(self, me: SignedIn | None, who: Identified) -> None:
        """From now on one can sign in to one's account as that. Raises SignInNeeded, Forbidden `no_account`, Conflict
        `identity_taken`."""
        if me is None:
            raise SignInNeeded("You are signed out. Sign in, and connect again.")
        person = me.person

        def change(tx: Transaction) -> None:
            account_of(tx, person)
            if tx.person_identified(who.issuer, who.subject) != person.id:
                tx.drop_identity(person.id, who.issuer)
                tx.add_identity(person.id, who.issuer, who.subject, self._context.now())

        await self._context.store.write(change)

    async def has_one(self, person: str) -> bool:
        issuer = self._context.settings.oidc_issuer
        return bool(issuer) and await self._context.store.read(lambda reader: reader.has_identity(person, issuer))

    async def disconnect(self, me: Person) -> None:
        """Raises Forbidden `no_account`, or `last_way_in` for somebody who could not sign in any more."""

        def change(tx: Transaction) -> None:
            if not account_of(tx, me).password_hash and not tx.passkeys_of(me.id):
                words = "You have no password and no passkey: you could not sign in any more. Get one of them first."
                raise Forbidden(words, code="last_way_in")
            tx.drop_identity(me.id, self._context.settings.oidc_issuer)

        await self._context.store.write(change)

    def _account(self, tx: Transaction, who: Identified, guest: Person | None) -> Cleaned:
        """As near to what the provider says as our rules allow."""
        login = self._login(tx, who)
        email = None
        with suppress(Invalid):
            email = logins.clean_email(who.email)
        return Cleaned(login, self._name(tx, who.name or login, guest), email, password_hash="")

    def _login(self, tx: Transaction, who: Identified) -> str:
        """One that nobody has. Raises Conflict when there are too many namesakes."""
        for wish in (who.login, who.email.partition("@")[0], "member"):
            with suppress(Invalid):
                wish = logins.clean_login(_NOT_IN_LOGINS.sub("", wish)[: logins.LOGIN_MAX_CHARS])
                for login in _numbered(wish, logins.LOGIN_MAX_CHARS, ""):
                    if tx.account_called(login) is None:
                        return login
        raise Conflict("There are too many accounts called like that.", code="login_taken")

    def _name(self, tx: Transaction, wish: str, guest: Person | None) -> str:
        """One that is allowed and nobody's with an account: else a number follows, or it is another name."""
        me = guest or Person(id=NOBODY, name="", kind="account", created_at=0)
        for base in (wish, "Member"):
            for name in _numbered(base[:NAME_MAX_CHARS], NAME_MAX_CHARS, " "):
                try:
                    name = clean_name(name)
                    rules.check_words(name, self._context.place())
                    must_be_free(tx, name, me)
                    return name
                except Conflict:
                    continue
                except HubbubError:
                    break
        raise Conflict("There are too many people called like that.", code="name_taken")


def _numbered(base: str, limit: int, between: str) -> Iterator[str]:
    """The base, then with 2, 3 and so on behind it, none longer than the limit in characters."""
    yield base
    for number in range(2, NAMESAKES_MAX):
        behind = f"{between}{number}"
        yield base[: limit - len(behind)] + behind
