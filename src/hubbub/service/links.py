"""Links that work once: to become the first owner of a place, and to choose a new password."""

from collections.abc import Callable, Coroutine
from typing import Any, Literal, NamedTuple

from hubbub.core import logins
from hubbub.core.addresses import home_of
from hubbub.core.limits import Meter, Rate
from hubbub.core.models import Person
from hubbub.core.text import clean_name
from hubbub.core.visits import Visit
from hubbub.errors import NotFound, RateLimited
from hubbub.protocol import Envelope
from hubbub.service.accounts import Accounts, Entered, NewAccount, admit, begin_session, set_password
from hubbub.service.context import Context, token_hash
from hubbub.service.mail import Mail
from hubbub.service.passwords import Passwords
from hubbub.store import Account, Link, LinkKind, Reader, Transaction

RESET_LASTS_MS = 3_600_000
RESETS = Rate(per_second=1 / 300, burst=3)
"""Mails to one account."""
RESETS_OF_NETWORK = Rate(per_second=1 / 60, burst=20)
NO_LINK = "This link does not work, or not any more: each works once, and for a while."


class PlaceForm(NamedTuple):
    """How the place is to be, as the first owner wrote it."""

    name: str
    joining: Literal["open", "invite", "approval"]
    guests: Literal["yes", "read_only", "no"]


class Links:
    """`spawn` begins what nobody waits for."""

    def __init__(
        self,
        context: Context,
        accounts: Accounts,
        passwords: Passwords,
        mail: Mail,
        *,
        clock: Callable[[], float],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._context = context
        self._accounts = accounts
        self._passwords = passwords
        self._mail = mail
        self._clock = clock
        self._spawn = spawn
        self._mails = Meter(RESETS)
        self._asked = Meter(RESETS_OF_NETWORK)

    # The first owner -----------------------------------------------------------------------------------------

    async def new_owner_code(self) -> str | None:
        """A fresh code for the first owner, which ends an earlier one; None when there is an owner."""
        code = self._context.new_token()
        return await self._context.store.write(lambda tx: code if offer_place(tx, code) else None)

    async def check(self, kind: LinkKind, code: str) -> Person | None:
        """For whom a link is. Raises NotFound `link_not_found` for one that does not work."""

        def look(reader: Reader) -> Person | None:
            found = _must_work(self._context, reader, kind, code)
            return reader.person(found.person) if found.person else None

        return await self._context.store.read(look)

    async def set_up(
        self, code: str, place: PlaceForm, new: NewAccount, visit: Visit, guest: Person | None = None
    ) -> Entered:
        """Whoever has the code becomes the owner of the place. Raises NotFound, Invalid, Conflict, RateLimited."""
        await self.check("owner", code)
        name = clean_name(place.name)
        cleaned = await self._accounts.clean(new, guest)
        token = self._context.new_token()

        def change(tx: Transaction) -> Entered:
            _must_work(self._context, tx, "owner", code)
            now = tx.place() or self._context.place()
            update = {"name": name, "joining": place.joining, "guests": place.guests}
            changed = now.model_copy(update=update)
            tx.set_place(changed)
            tx.announce(Envelope(place=changed, frame=""))
            person = admit(self._context, tx, cleaned, guest, "owner")
            tx.drop_links("owner", None)
            return begin_session(self._context, tx, person, token, visit)

        return await self._context.store.write(change)

    # A new password ------------------------------------------------------------------------------------------

    async def ask_for_reset(self, login: str, visit: Visit) -> None:
        """Mails a link to the account with this login name or address, if it has an address. Says nothing about
        whether there is one. Raises NotFound when this server sends no mail, RateLimited."""
        if not self._mail.works:
            words = "This server sends no mail. Ask an owner of this place for a link."
            raise NotFound(words, code="no_mail")
        if wait_s := self._asked.take(home_of(visit.address), self._clock()):
            raise RateLimited("That was asked for too often. Try again later.", retry_after_s=wait_s)
        account = await self._context.store.read(lambda reader: reader.account_called(login))
        if account and account.email and not self._mails.take(account.person, self._clock()):
            self._spawn(self._mail_reset(account, account.email))

    async def reset(self, code: str, new: str, visit: Visit) -> Entered:
        """Gives the person of the link another password, and a session. Raises NotFound, Invalid, RateLimited."""
        await self.check("reset", code)
        password_hash = await self._passwords.hash(logins.clean_password(new))
        token = self._context.new_token()

        def change(tx: Transaction) -> Entered:
            found = _must_work(self._context, tx, "reset", code)
            assert found.person is not None
            return set_password(self._context, tx, found.person, password_hash, token, visit)

        return await self._context.store.write(change)

    async def _mail_reset(self, account: Account, to: str) -> None:
        code, expires_at = self._context.new_token(), self._context.now() + RESET_LASTS_MS
        await self._context.store.write(lambda tx: tx.add_link("reset", token_hash(code), account.person, expires_at))
        place = self._context.place().name
        text = (
            f"Somebody, probably you, asked for a new password for “{account.login}” at {place}.\n\n"
            f"{reset_link(self._context.settings.address, code)}\n\n"
            "The link works once and for an hour. If it was not you, do nothing: your password stays.\n"
        )
        await self._mail.send(to, f"A new password for {place}", text)


def offer_place(tx: Transaction, code: str) -> bool:
    """Makes the code the one with which somebody becomes the first owner. False when there is an owner."""
    if tx.people_with_role("owner"):
        return False
    tx.add_link("owner", token_hash(code), None, None)
    return True


def offer_reset(tx: Transaction, login: str, code: str, now: int) -> bool:
    """Makes the code one by which this account gets a new password. False when there is no such account."""
    account = tx.account_called(login)
    if account is None:
        return False
    tx.add_link("reset", token_hash(code), account.person, now + RESET_LASTS_MS)
    return True


def owner_link(address: str, code: str) -> str:
    return f"{address}/setup/{code}"


def reset_link(address: str, code: str) -> str:
    return f"{address}/reset/{code}"


def _must_work(context: Context, reader: Reader, kind: LinkKind, code: str) -> Link:
    found = reader.link(kind, token_hash(code), context.now())
    if found is None or (kind == "owner" and reader.people_with_role("owner")):
        raise NotFound(NO_LINK, code="link_not_found")
    return found
