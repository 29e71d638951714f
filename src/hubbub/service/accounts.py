"""Accounts: sign up, sign in and out, the sessions that follow, and the password. Not commands: they happen at the
door, and a session is what a command comes with."""

from collections.abc import Callable
from typing import NamedTuple

from hubbub.core import logins, policy, rules
from hubbub.core.addresses import home_of
from hubbub.core.attempts import Attempts
from hubbub.core.limits import Meter, Rate
from hubbub.core.models import Person, Role, SessionInfo
from hubbub.core.text import clean_name
from hubbub.core.visits import Visit
from hubbub.errors import Forbidden, NotFound, RateLimited, SignInNeeded
from hubbub.protocol import Envelope, Waiting
from hubbub.service import invites
from hubbub.service.change import fresh
from hubbub.service.context import Context, token_hash
from hubbub.service.passwords import Passwords
from hubbub.service.people import add_person, end_session, must_be_welcome_from, rename
from hubbub.store import Account, Reader, SignedIn, Transaction

TRIES_OF_ACCOUNT = 5
TRIES_OF_NETWORK = 20
SIGN_UPS = Rate(per_second=1 / 60, burst=20)
"""From one network."""


class NewAccount(NamedTuple):
    """What somebody signs up with, as they wrote it."""

    login: str
    password: str
    name: str = ""
    """Empty: the one they have as a guest, or the login name."""
    email: str = ""
    invite: str = ""


class Cleaned(NamedTuple):
    login: str
    name: str
    email: str | None
    password_hash: str
    """Empty: nobody signs in by a password."""


class Entered(NamedTuple):
    """Somebody who has a new session."""

    person: Person
    token: str
    room: str | None = None
    """Where an invitation led."""


class Accounts:
    """`clock` gives seconds that never go backwards, for the limits."""

    def __init__(self, context: Context, passwords: Passwords, *, clock: Callable[[], float]) -> None:
        self._context = context
        self._passwords = passwords
        self._clock = clock
        self._sign_ups = Meter(SIGN_UPS)
        self._by_account = Attempts(TRIES_OF_ACCOUNT)
        self._by_network = Attempts(TRIES_OF_NETWORK)

    # Coming in -----------------------------------------------------------------------------------------------

    async def sign_up(self, new: NewAccount, visit: Visit, guest: Person | None = None) -> Entered:
        """Makes an account; a guest who signs up stays the same person. Where a moderator has to approve, it waits,
        unless it comes by the invitation of one. Raises Invalid, Conflict `login_taken` or `name_taken`, Forbidden
        `invite_needed`, NotFound, RateLimited."""
        if wait_s := self._sign_ups.take(home_of(visit.address), self._clock()):
            raise RateLimited("Many accounts came from your network. Try again later.", retry_after_s=wait_s)
        guest = guest if guest and guest.kind == "guest" else None
        cleaned = await self.clean(new, guest)
        token = self._context.new_token()
        return await self._context.store.write(
            lambda tx: join(self._context, tx, cleaned, guest, new.invite, visit, token)
        )

    async def clean(self, new: NewAccount, guest: Person | None) -> Cleaned:
        """Ready to be kept. Raises Invalid, RateLimited."""
        login = logins.clean_login(new.login)
        name = clean_name(new.name) if new.name.strip() else guest.name if guest else login
        rules.check_words(name, self._context.place())
        email = logins.clean_email(new.email)
        return Cleaned(login, name, email, await self._passwords.hash(logins.clean_password(new.password)))

    async def sign_in(self, login: str, password: str, visit: Visit, before: SignedIn | None = None) -> Entered:
        """By login name or e-mail address. The session from `before`, of the same browser, ends. Raises SignInNeeded
        `wrong_password`, in the same words and after the same time for an account that does not exist, RateLimited."""
        account = await self._context.store.read(lambda reader: reader.account_called(login))
        new_hash = await self._check(account, login, password, visit)
        assert account is not None
        token = self._context.new_token()

        def change(tx: Transaction) -> Entered:
            now = tx.account(account.person)
            person = tx.person(account.person)
            if now is None or person is None or now.password_hash != account.password_hash:
                raise _wrong_password()  # it has been changed meanwhile
            if new_hash:
                tx.set_password(person.id, new_hash)
            if before:
                end_session(tx, before.person.id, before.session)
            return begin_session(self._context, tx, person, token, visit)

        return await self._context.store.write(change)

    # Sessions ------------------------------------------------------------------------------------------------

    async def sessions(self, me: SignedIn) -> list[SessionInfo]:
        """Where one is signed in, the last used first."""
        found = await self._context.store.read(lambda reader: reader.sessions_of(me.person.id))
        return [SessionInfo(**session._asdict(), current=session.id == me.session) for session in found]

    async def end(self, me: SignedIn, session: str) -> None:
        """Ends one session; open connections of it are closed. Raises NotFound."""

        def change(tx: Transaction) -> None:
            if all(known.id != session for known in tx.sessions_of(me.person.id)):
                raise NotFound("There is no such session.", code="session_not_found")
            end_session(tx, me.person.id, session)

        await self._context.store.write(change)

    async def end_others(self, me: SignedIn) -> None:
        """Ends all sessions but this one."""

        def change(tx: Transaction) -> None:
            for known in tx.sessions_of(me.person.id):
                if known.id != me.session:
                    end_session(tx, me.person.id, known.id)

        await self._context.store.write(change)

    # The account ---------------------------------------------------------------------------------------------

    async def account(self, me: Person) -> Account:
        """Raises Forbidden `no_account` for guests."""
        return await self._context.store.read(lambda reader: account_of(reader, me))

    async def change_password(self, me: SignedIn, old: str, new: str, visit: Visit) -> Entered:
        """Ends all sessions and begins a new one. Raises Forbidden, SignInNeeded `wrong_password`, Invalid."""
        account = await self.account(me.person)
        password = logins.clean_password(new)
        await self.check_password(account, old, visit)
        password_hash = await self._passwords.hash(password)
        return await self._context.store.write(
            lambda tx: set_password(self._context, tx, account.person, password_hash, self._context.new_token(), visit)
        )

    async def change_email(self, me: SignedIn, password: str, email: str, visit: Visit) -> Account:
        """An empty address: none. Raises as `change_password`."""
        account = await self.account(me.person)
        address = logins.clean_email(email)
        await self.check_password(account, password, visit)
        await self._context.store.write(lambda tx: tx.set_email(account.person, address))
        return account._replace(email=address)

    async def check_password(self, account: Account, password: str, visit: Visit) -> None:
        """For what a thief of a session must not do. Raises Forbidden `no_password`, SignInNeeded `wrong_password`,
        RateLimited."""
        if not account.password_hash:
            words = "Your account has no password. Get a link for one: see “I have forgotten my password”."
            raise Forbidden(words, code="no_password")
        await self._check(account, account.login, password, visit)

    async def _check(self, account: Account | None, login: str, password: str, visit: Visit) -> str | None:
        """The hash to keep in place of the old one, if it is too old. Counted before it is tried, for an account that
        does not exist too. Raises SignInNeeded, RateLimited."""
        who, now = account.person if account else logins.key_of(login)[:100], self._clock()
        network = home_of(visit.address)
        for attempts, key in ((self._by_network, network), (self._by_account, who)):
            if wait_s := attempts.take(key, now):
                raise RateLimited("That was tried too often. Wait a few minutes.", retry_after_s=wait_s)
        checked = await self._passwords.check(password, account.password_hash if account else None)
        if not checked.right:
            raise _wrong_password()
        self._by_account.forgive(who)
        self._by_network.give_back(network, self._clock())
        return checked.new_hash


def account_of(reader: Reader, me: Person) -> Account:
    """Raises Forbidden `no_account` for guests."""
    found = reader.account(me.id)
    if found is None:
        raise Forbidden("Guests have no account. Sign up to get one.", code="no_account")
    return found


def join(
    context: Context, tx: Transaction, new: Cleaned, guest: Person | None, invite: str, visit: Visit, token: str
) -> Entered:
    """Makes an account by the place's rule of who may. Raises Forbidden `invite_needed`, Conflict, NotFound."""
    must_be_welcome_from(tx, visit.address, context.now())
    joining = context.place().joining
    vouched = bool(invite) and invites.vouches(context, tx, invite)
    if joining == "invite" and not vouched:
        words = "Only people with an invitation into this place may sign up. Ask a moderator for one."
        raise Forbidden(words, code="invite_needed")
    waits = joining == "approval" and not vouched
    person = admit(context, tx, new, guest, "guest" if waits else "member")
    room = None
    if waits:
        tell_moderators(tx)
    elif invite:
        room = invites.accept(context, tx, invite, person, signs_up=True)
    return begin_session(context, tx, person, token, visit)._replace(room=room)


def admit(context: Context, tx: Transaction, new: Cleaned, guest: Person | None, role: Role) -> Person:
    """Gives a guest an account, or makes a person with one. Whoever was signed in as this guest is not any more."""
    guest = fresh(tx, guest) if guest else None
    if guest and guest.kind != "guest":
        guest = None
    person = guest or add_person(context, tx, "account", new.name, enters=role != "guest")
    tx.add_account(person.id, new.login, new.email, new.password_hash, context.now())
    tx.set_role(person.id, role)
    end_all_sessions(tx, person.id)
    return rename(context, tx, fresh(tx, person), new.name)


def begin_session(context: Context, tx: Transaction, person: Person, token: str, visit: Visit) -> Entered:
    """Raises Forbidden for somebody who is banned from the place."""
    policy.must_be_welcome(tx.banned_until(person.id), context.now())
    tx.add_session(token_hash(token), person.id, context.now(), visit.agent, visit.address)
    return Entered(person, token)


def set_password(
    context: Context, tx: Transaction, person: str, password_hash: str, token: str, visit: Visit
) -> Entered:
    """Whoever knew the old one is out."""
    found = policy.person_must_exist(tx.person(person))
    tx.set_password(person, password_hash)
    tx.drop_links("reset", person)
    end_all_sessions(tx, person)
    return begin_session(context, tx, found, token, visit)


def end_all_sessions(tx: Transaction, person: str) -> None:
    tx.end_sessions(person)
    tx.announce(Envelope(person=person, ends="signed_out", frame=""))


def tell_moderators(tx: Transaction) -> None:
    """How many accounts wait."""
    frame = Waiting(count=len(tx.waiting())).model_dump_json()
    for moderator in [*tx.people_with_role("moderator"), *tx.people_with_role("owner")]:
        tx.announce(Envelope(person=moderator, frame=frame))


def _wrong_password() -> SignInNeeded:
    return SignInNeeded("The name or the password is wrong.", code="wrong_password")
