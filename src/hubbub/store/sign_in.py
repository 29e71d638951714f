"""Identities at a provider, and passkeys: their part of `hubbub.store.Reader` and `hubbub.store.Transaction`."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from hubbub.errors import Conflict
from hubbub.store.records import StoredPasskey
from hubbub.store.tables import identity, passkey

_who: BindParameter[str] = bindparam("who")
_issuer: BindParameter[str] = bindparam("at_issuer")
_which: BindParameter[str] = bindparam("which")
IDENTITY = select(identity.c.person).where(identity.c.issuer == _issuer, identity.c.subject == bindparam("known_as"))
HAS_IDENTITY = select(identity.c.subject).where(identity.c.person == _who, identity.c.issuer == _issuer)
NEW_IDENTITY = insert(identity)
DROP_IDENTITY = delete(identity).where(identity.c.person == _who, identity.c.issuer == _issuer)
DROP_IDENTITIES = delete(identity).where(identity.c.person == _who)
PASSKEY = select(passkey).where(passkey.c.id == _which)
PASSKEYS = select(passkey).where(passkey.c.person == _who)
NEW_PASSKEY = insert(passkey)
USED_PASSKEY = (
    update(passkey).where(passkey.c.id == _which).values(sign_count=bindparam("count"), used_at=bindparam("at"))
)
DROP_PASSKEY = delete(passkey).where(passkey.c.person == _who, passkey.c.id == _which)
DROP_PASSKEYS = delete(passkey).where(passkey.c.person == _who)


class SignInReader:
    _connection: Connection

    def person_identified(self, issuer: str, subject: str) -> str | None:
        return self._connection.execute(IDENTITY, {"at_issuer": issuer, "known_as": subject}).scalar()

    def has_identity(self, person: str, issuer: str) -> bool:
        return self._connection.execute(HAS_IDENTITY, {"who": person, "at_issuer": issuer}).first() is not None

    def passkey(self, passkey: str) -> StoredPasskey | None:
        row = self._connection.execute(PASSKEY, {"which": passkey}).first()
        return None if row is None else StoredPasskey(**row._mapping)

    def passkeys_of(self, person: str) -> list[StoredPasskey]:
        rows = self._connection.execute(PASSKEYS, {"who": person}).all()
        return sorted((StoredPasskey(**row._mapping) for row in rows), key=lambda one: (one.created_at, one.id))


class SignInWriter(SignInReader):
    def _change(self, statement: Any, binds: Mapping[str, object]) -> None: ...  # by SqlTransaction

    def add_identity(self, person: str, issuer: str, subject: str, at: int) -> None:
        row = {"issuer": issuer, "subject": subject, "person": person, "created_at": at}
        try:
            self._change(NEW_IDENTITY, row)
        except IntegrityError as error:
            raise Conflict("This belongs to an account already.", code="identity_taken") from error

    def drop_identity(self, person: str, issuer: str) -> None:
        self._change(DROP_IDENTITY, {"who": person, "at_issuer": issuer})

    def add_passkey(self, added: StoredPasskey) -> None:
        try:
            self._change(NEW_PASSKEY, added._asdict())
        except IntegrityError as error:
            raise Conflict("This passkey belongs to an account already.", code="passkey_taken") from error

    def used_passkey(self, passkey: str, sign_count: int, at: int) -> None:
        self._change(USED_PASSKEY, {"which": passkey, "count": sign_count, "at": at})

    def drop_passkey(self, person: str, passkey: str) -> None:
        self._change(DROP_PASSKEY, {"who": person, "which": passkey})
