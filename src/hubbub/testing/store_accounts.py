"""The part of the store's contract that is about accounts, sessions and links."""

from functools import partial

import pytest

from hubbub.core.models import Profile
from hubbub.errors import Conflict
from hubbub.store import Account, Reader, StoredPasskey, StoredSession, Transaction
from hubbub.testing.store_stage import ANN, AT, BOB, Stage

HASH = "a" * 64


class AccountsContract(Stage):
    async def test_a_session_is_found_by_its_hash_and_ended_by_its_id(self) -> None:
        async with self.with_plans() as opened:
            for digest in (HASH, "b" * 64, "c" * 64):
                public = await opened.store.write(partial(_add_session, digest))
                assert public not in ("", digest)
            await opened.store.write(lambda tx: tx.add_session("d" * 64, BOB.id, AT))
            found = await opened.reads(lambda r: r.session(HASH))
            assert found is not None
            assert (found.person.id, found.seen_at) == (ANN.id, AT)
            await opened.store.write(lambda tx: tx.saw_session(ANN.id, found.session, AT + 5))
            [first, *others] = await opened.reads(lambda r: r.sessions_of(ANN.id))
            assert first == StoredSession(found.session, AT, AT + 5, "Firefox", "::1")
            assert len(others) == 2
            await opened.store.write(lambda tx: tx.end_session(BOB.id, found.session))
            mine = await opened.reads(lambda r: r.signed_in(ANN.id, found.session))
            assert mine == found.person
            await opened.store.write(lambda tx: tx.end_session(ANN.id, others[0].id))
            assert await opened.reads(lambda r: r.signed_in(ANN.id, others[0].id)) is None
            await opened.store.write(lambda tx: tx.end_sessions(ANN.id, but=found.session))
            assert [one.id for one in await opened.reads(lambda r: r.sessions_of(ANN.id))] == [found.session]
            await opened.store.write(lambda tx: tx.end_sessions(ANN.id))
            assert await opened.reads(lambda r: r.session(HASH)) is None
            assert await opened.reads(lambda r: r.session("d" * 64)) is not None

    async def test_an_account_is_found_by_login_and_address_whatever_their_case(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(lambda tx: tx.add_account(ANN.id, "Ann", "A@chat.example", "hash", AT))
            account = await opened.reads(lambda r: r.account(ANN.id))
            assert account is not None
            assert (account.login, account.email, account.password_hash) == ("Ann", "A@chat.example", "hash")
            for name in ("ann", "ANN", "a@CHAT.example"):
                assert await opened.reads(partial(_called, name)) == account
            assert await opened.reads(lambda r: r.account_called("bob")) is None
            person = await opened.reads(lambda r: r.person(ANN.id))
            assert person is not None
            assert person.waits
            with pytest.raises(Conflict, match="already"):
                await opened.store.write(lambda tx: tx.add_account(BOB.id, "aNN", None, "hash", AT))
            bob = await opened.reads(lambda r: r.person(BOB.id))
            assert bob is not None
            assert bob.kind == "guest"
            await opened.store.write(lambda tx: tx.add_account(BOB.id, "bob", "a@chat.example", "hash", AT + 1))
            assert await opened.reads(lambda r: r.account_called("a@chat.example")) == account

    async def test_an_account_changes_and_goes(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(lambda tx: tx.add_account(ANN.id, "ann", "a@chat.example", "hash", AT))
            await opened.store.write(lambda tx: tx.set_password(ANN.id, "another"))
            await opened.store.write(lambda tx: tx.set_email(ANN.id, None))
            await opened.store.write(lambda tx: tx.set_profile(ANN.id, "away", "UTC"))
            account = await opened.reads(lambda r: r.account(ANN.id))
            assert account is not None
            assert (account.password_hash, account.email, account.status) == ("another", None, "away")
            assert await opened.reads(lambda r: r.account_called("a@chat.example")) is None
            await opened.store.write(lambda tx: tx.drop_account(ANN.id))
            assert await opened.reads(lambda r: r.account(ANN.id)) is None
            person = await opened.reads(lambda r: r.person(ANN.id))
            assert person is not None
            assert person.kind == "guest"

    async def test_people_are_those_with_an_account_who_do_not_wait(self) -> None:
        async with self.with_plans() as opened:
            assert await opened.reads(lambda r: r.people(after=None, limit=10)) == []
            await opened.store.write(lambda tx: tx.add_account(ANN.id, "ann", None, "hash", AT))
            await opened.store.write(lambda tx: tx.add_account(BOB.id, "bob", None, "hash", AT + 1))
            assert [one.id for one in await opened.reads(lambda r: r.waiting())] == [ANN.id, BOB.id]
            await opened.store.write(lambda tx: tx.set_role(BOB.id, "owner"))
            await opened.store.write(lambda tx: tx.set_profile(BOB.id, "away", "UTC"))
            bob = Profile(id=BOB.id, name="Bob", kind="account", created_at=AT, role="owner")
            bob = bob.model_copy(update={"status": "away", "time_zone": "UTC"})
            assert await opened.reads(lambda r: r.people(after=None, limit=10)) == [bob]
            assert await opened.reads(lambda r: r.profile(BOB.id)) == bob
            assert await opened.reads(lambda r: r.people(after=BOB.id, limit=10)) == []
            assert [one.id for one in await opened.reads(lambda r: r.waiting())] == [ANN.id]
            assert await opened.reads(lambda r: r.people_with_role("owner")) == [BOB.id]
            assert await opened.reads(lambda r: r.people_with_role("moderator")) == []
            assert await opened.reads(lambda r: r.profile("guest-9")) is None

    async def test_names_of_people_with_an_account_are_known_without_case_and_accents(self) -> None:
        async with self.with_plans() as opened:
            assert not await opened.reads(lambda r: r.is_a_members_name("Ann", ""))
            await opened.store.write(lambda tx: tx.add_account(ANN.id, "ann", None, "hash", AT))
            for name, but, known in (("ÁNN", BOB.id, True), ("Ann", ANN.id, False), ("Anna", BOB.id, False)):
                assert await opened.reads(partial(_is_taken, name, but)) == known

    async def test_nobody_is_renamed_who_is_not_there(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(lambda tx: tx.rename_person("guest-99", "Zoe"))
            assert await opened.reads(lambda r: r.person("guest-99")) is None
            assert not await opened.reads(partial(_is_taken, "Zoe", ""))

    async def test_a_link_works_until_it_is_used_replaced_or_old(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(lambda tx: tx.add_link("reset", HASH, ANN.id, AT + 10))
            await opened.store.write(lambda tx: tx.add_link("owner", "b" * 64, None, None))
            found = await opened.reads(lambda r: r.link("reset", HASH, AT))
            assert found is not None
            assert found.person == ANN.id
            assert await opened.reads(lambda r: r.link("reset", HASH, AT + 10)) is None
            assert await opened.reads(lambda r: r.link("owner", HASH, AT)) is None
            assert await opened.reads(lambda r: r.link("owner", "b" * 64, AT * 2)) is not None
            await opened.store.write(lambda tx: tx.add_link("reset", "c" * 64, ANN.id, AT + 10))
            assert await opened.reads(lambda r: r.link("reset", HASH, AT)) is None
            await opened.store.write(lambda tx: tx.drop_links("owner", None))
            assert await opened.reads(lambda r: r.link("owner", "b" * 64, AT)) is None
            assert await opened.reads(lambda r: r.link("reset", "c" * 64, AT)) is not None

    async def test_an_identity_at_a_provider_is_one_persons_and_a_person_has_one(self) -> None:
        async with self.with_plans() as opened:
            await opened.store.write(lambda tx: tx.add_account(ANN.id, "ann", None, "", AT))
            await opened.store.write(lambda tx: tx.add_identity(ANN.id, "https://id.example", "7", AT))
            assert await opened.reads(lambda r: r.person_identified("https://id.example", "7")) == ANN.id
            assert await opened.reads(lambda r: r.person_identified("https://other.example", "7")) is None
            assert await opened.reads(lambda r: r.has_identity(ANN.id, "https://id.example"))
            assert not await opened.reads(lambda r: r.has_identity(BOB.id, "https://id.example"))
            for person, subject in ((BOB.id, "7"), (ANN.id, "8")):
                with pytest.raises(Conflict) as refused:
                    await opened.store.write(partial(_identify, person, subject))
                assert refused.value.code == "identity_taken"
            await opened.store.write(lambda tx: tx.drop_identity(BOB.id, "https://id.example"))
            assert await opened.reads(lambda r: r.has_identity(ANN.id, "https://id.example"))
            await opened.store.write(lambda tx: tx.drop_account(ANN.id))
            assert await opened.reads(lambda r: r.person_identified("https://id.example", "7")) is None

    async def test_passkeys_are_found_by_id_used_and_dropped(self) -> None:
        first = StoredPasskey("a-1", ANN.id, b"\x00key", 0, "Telephone", AT, AT)
        second = first._replace(id="b-2", name="Computer", created_at=AT - 1)
        async with self.with_plans() as opened:
            for passkey in (first, second):
                await opened.store.write(partial(_add_passkey, passkey))
            assert await opened.reads(lambda r: r.passkey("a-1")) == first
            assert await opened.reads(lambda r: r.passkeys_of(ANN.id)) == [second, first]
            assert await opened.reads(lambda r: r.passkeys_of(BOB.id)) == []
            with pytest.raises(Conflict) as refused:
                await opened.store.write(partial(_add_passkey, first._replace(person=BOB.id)))
            assert refused.value.code == "passkey_taken"
            await opened.store.write(lambda tx: tx.used_passkey("a-1", 4, AT + 9))
            assert await opened.reads(lambda r: r.passkey("a-1")) == first._replace(sign_count=4, used_at=AT + 9)
            await opened.store.write(lambda tx: tx.drop_passkey(BOB.id, "a-1"))
            assert await opened.reads(lambda r: r.passkey("a-1")) is not None
            await opened.store.write(lambda tx: tx.drop_passkey(ANN.id, "a-1"))
            assert await opened.reads(lambda r: r.passkey("a-1")) is None
            await opened.store.write(lambda tx: tx.drop_account(ANN.id))
            assert await opened.reads(lambda r: r.passkeys_of(ANN.id)) == []


def _identify(person: str, subject: str, tx: Transaction) -> None:
    tx.add_identity(person, "https://id.example", subject, AT)


def _add_passkey(passkey: StoredPasskey, tx: Transaction) -> None:
    tx.add_passkey(passkey)


def _add_session(digest: str, tx: Transaction) -> str:
    return tx.add_session(digest, ANN.id, AT, "Firefox", "::1")


def _called(name: str, reader: Reader) -> Account | None:
    return reader.account_called(name)


def _is_taken(name: str, but: str, reader: Reader) -> bool:
    return reader.is_a_members_name(name, but)
