"""Accounts, sessions and links that work once: their part of `hubbub.store.Reader` and `hubbub.store.Transaction`."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from hubbub.core.logins import key_of
from hubbub.core.models import Person, Profile
from hubbub.core.words import Folded
from hubbub.errors import Conflict
from hubbub.store import Account, Link, SignedIn, StoredSession, files
from hubbub.store.prepared import Driver, Prepared
from hubbub.store.sign_in import DROP_IDENTITIES, DROP_PASSKEYS
from hubbub.store.tables import account, link, person, person_name, session

WAITING_MAX = 100

_who: BindParameter[str] = bindparam("who")
_key: BindParameter[str] = bindparam("key")
SESSION = Prepared(
    select(person, session.c.id.label("session"), session.c.seen_at)
    .join(session, session.c.person == person.c.id)
    .where(session.c.token_hash == bindparam("token_hash"))
)
SIGNED_IN = Prepared(
    select(person)
    .join(session, session.c.person == person.c.id)
    .where(session.c.person == _who, session.c.id == bindparam("which"))
)
SESSIONS = select(session).where(session.c.person == _who)
ACCOUNTS = select(*[c for c in account.c if c.name not in ("login_key", "email_key")])
ACCOUNT = ACCOUNTS.where(account.c.person == _who)
ACCOUNT_CALLED = ACCOUNTS.where(account.c.login_key == _key)
ACCOUNT_WITH_EMAIL = ACCOUNTS.where(account.c.email_key == _key).order_by(account.c.created_at, account.c.person)
_OF_ACCOUNT = (account.c.status, account.c.time_zone, account.c.avatar)
PROFILES = select(person, *_OF_ACCOUNT).outerjoin(account, account.c.person == person.c.id)
PROFILE = PROFILES.where(person.c.id == _who)
PEOPLE = (
    select(person, *_OF_ACCOUNT)
    .select_from(account.join(person, person.c.id == account.c.person))
    .where(account.c.person > bindparam("after"), person.c.role != "guest")
    .order_by(account.c.person)
)
_waits = and_(person.c.kind == "account", person.c.role == "guest")
WAITING = PROFILES.where(_waits).order_by(account.c.created_at, person.c.id).limit(WAITING_MAX)
WITH_ROLE = select(person.c.id).where(person.c.kind == "account", person.c.role == bindparam("role"))
NAMESAKE = (
    select(func.count())
    .select_from(person_name.join(person, person.c.id == person_name.c.person))
    .where(person_name.c.key == _key, person.c.kind == "account", person.c.id != _who)
)
LINK = select(link).where(
    link.c.code_hash == bindparam("code_hash"),
    link.c.kind == bindparam("kind"),
    or_(link.c.expires_at.is_(None), link.c.expires_at > bindparam("now")),
)
NEW_SESSION = insert(session)
SEEN = (
    update(session).where(session.c.id == bindparam("which"), session.c.person == _who).values(seen_at=bindparam("at"))
)
END_SESSION = delete(session).where(session.c.person == _who, session.c.id == bindparam("which"))
END_SESSIONS = delete(session).where(session.c.person == _who, session.c.id != bindparam("but"))
NEW_ACCOUNT = insert(account)
DROP_ACCOUNT = delete(account).where(account.c.person == _who)
SET_KIND = update(person).where(person.c.id == _who).values(kind=bindparam("new_kind"))
SET_PASSWORD = update(account).where(account.c.person == _who).values(password_hash=bindparam("new_hash"))
SET_EMAIL = (
    update(account).where(account.c.person == _who).values(email=bindparam("new_email"), email_key=bindparam("new_key"))
)
SET_PROFILE = (
    update(account)
    .where(account.c.person == _who)
    .values(status=bindparam("new_status"), time_zone=bindparam("new_zone"))
)
SET_AVATAR = update(account).where(account.c.person == _who).values(avatar=bindparam("new_avatar"))
NEW_LINK = insert(link)
DROP_LINKS = delete(link).where(link.c.kind == bindparam("of_kind"), func.coalesce(link.c.person, "") == _who)


class AccountReader:
    _connection: Connection
    _driver: Driver

    def session(self, token_hash: str) -> SignedIn | None:
        for row in SESSION.run(self._driver, {"token_hash": token_hash}):
            return SignedIn(_person_of(row), row.session, row.seen_at)
        return None

    def signed_in(self, person: str, session: str) -> Person | None:
        return next(map(_person_of, SIGNED_IN.run(self._driver, {"who": person, "which": session})), None)

    def sessions_of(self, person: str) -> list[StoredSession]:
        rows = self._connection.execute(SESSIONS, {"who": person}).all()
        found = [StoredSession(r.id, r.created_at, r.seen_at, r.agent, r.address) for r in rows]
        return sorted(found, key=lambda session: -session.seen_at)

    def account(self, person: str) -> Account | None:
        return _account_of(self._connection.execute(ACCOUNT, {"who": person}).first())

    def account_called(self, name: str) -> Account | None:
        statement = ACCOUNT_WITH_EMAIL if "@" in name else ACCOUNT_CALLED
        return _account_of(self._connection.execute(statement, {"key": key_of(name)}).first())

    def profile(self, person: str) -> Profile | None:
        row = self._connection.execute(PROFILE, {"who": person}).first()
        return None if row is None else _profile_of(row)

    def people(self, *, after: str | None, limit: int) -> list[Profile]:
        rows = self._connection.execute(PEOPLE.limit(limit), {"after": after or ""}).all()
        return [_profile_of(row) for row in rows]

    def waiting(self) -> list[Profile]:
        return [_profile_of(row) for row in self._connection.execute(WAITING).all()]

    def people_with_role(self, role: str) -> list[str]:
        return list(self._connection.execute(WITH_ROLE, {"role": role}).scalars())

    def is_a_members_name(self, name: str, but: str) -> bool:
        return bool(self._connection.execute(NAMESAKE, {"key": Folded(name).bare, "who": but}).scalar_one())

    def link(self, kind: str, code_hash: str, now: int) -> Link | None:
        row = self._connection.execute(LINK, {"kind": kind, "code_hash": code_hash, "now": now}).first()
        return None if row is None else Link(row.person)


class AccountWriter(AccountReader):
    def _change(self, statement: Any, binds: Mapping[str, object]) -> None: ...  # by SqlTransaction

    def add_session(self, token_hash: str, person: str, at: int, agent: str = "", address: str = "") -> str:
        public = token_hash[:16]
        row = {"token_hash": token_hash, "id": public, "person": person, "created_at": at, "seen_at": at}
        self._change(NEW_SESSION, row | {"agent": agent, "address": address})
        return public

    def saw_session(self, person: str, session: str, at: int) -> None:
        self._change(SEEN, {"who": person, "which": session, "at": at})

    def end_session(self, person: str, session: str) -> None:
        self._change(END_SESSION, {"who": person, "which": session})

    def end_sessions(self, person: str, but: str = "") -> None:
        self._change(END_SESSIONS, {"who": person, "but": but})

    def add_account(self, person: str, login: str, email: str | None, password_hash: str, at: int) -> None:
        row: dict[str, object] = {
            "person": person,
            "login": login,
            "login_key": key_of(login),
            "password_hash": password_hash,
        }
        row |= {"email": email, "email_key": key_of(email) if email else None, "created_at": at}
        try:
            self._change(NEW_ACCOUNT, row)
        except IntegrityError as error:
            raise Conflict(
                f"There is an account called “{login}” already. Choose another.", code="login_taken"
            ) from error
        self._change(SET_KIND, {"who": person, "new_kind": "account"})

    def set_avatar(self, person: str, file: str | None) -> None:
        account = self.account(person)
        self._change(SET_AVATAR, {"who": person, "new_avatar": file})
        if file:
            files.hold(self._connection, file)
        if account and account.avatar and account.avatar != file:
            files.release(self._connection, account.avatar)

    def drop_account(self, person: str) -> None:
        self.set_avatar(person, None)
        for statement in (DROP_IDENTITIES, DROP_PASSKEYS, DROP_ACCOUNT):
            self._change(statement, {"who": person})
        self._change(SET_KIND, {"who": person, "new_kind": "guest"})

    def set_password(self, person: str, password_hash: str) -> None:
        self._change(SET_PASSWORD, {"who": person, "new_hash": password_hash})

    def set_email(self, person: str, email: str | None) -> None:
        key = key_of(email) if email else None
        self._change(SET_EMAIL, {"who": person, "new_email": email, "new_key": key})

    def set_profile(self, person: str, status: str | None, time_zone: str | None) -> None:
        self._change(SET_PROFILE, {"who": person, "new_status": status, "new_zone": time_zone})

    def add_link(self, kind: str, code_hash: str, person: str | None, expires_at: int | None) -> None:
        self.drop_links(kind, person)
        row = {"kind": kind, "code_hash": code_hash, "person": person, "expires_at": expires_at}
        self._change(NEW_LINK, row)

    def drop_links(self, kind: str, person: str | None) -> None:
        self._change(DROP_LINKS, {"of_kind": kind, "who": person or ""})


def _account_of(row: Any) -> Account | None:
    return None if row is None else Account(**row._mapping)


def _person_of(row: Any) -> Person:
    return Person(id=row.id, name=row.name, kind=row.kind, created_at=row.created_at, role=row.role)


def _profile_of(row: Any) -> Profile:
    return Profile.model_validate(row, from_attributes=True)
