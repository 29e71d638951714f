"""What can be done in a transaction of a store."""

from collections.abc import Iterable
from typing import Any, Protocol

from hubbub.core.models import (
    Invite,
    Person,
    PersonKind,
    Place,
    Role,
    Sanction,
)
from hubbub.protocol import Envelope, Event
from hubbub.store.reads import Reader
from hubbub.store.records import LinkKind, StoredFile, StoredPasskey, SweptFile


class Transaction(Reader, Protocol):
    """Reads and writes. Reads see the transaction's own writes."""

    def append(self, draft: Event) -> Event:
        """Gives the draft the room's next `seq`, whatever it has, stores it, applies it to the current state and
        returns it. The first event of a room is `room.created` and makes the room.
        A message holds its files, which exist, until it is deleted or no longer kept: a file that no other message
        holds is gone then. Deleting a message also erases its text and its files from the log; `messages.erased` takes
        what is older out of everything, the log too, which begins after it from then on."""
        ...

    def announce(self, envelope: Envelope) -> None:
        """Hands an envelope to `on_commit` together with the events, in the order of the calls; nothing is stored.
        If the function raises, or the commit fails, it is forgotten."""
        ...

    def set_place(self, place: Place) -> None: ...

    def add_person(self, kind: PersonKind, person_id: str, name: str, at: int, role: Role = "guest") -> Person:
        """Raises Conflict if the id is taken."""
        ...

    def set_role(self, person: str, role: Role) -> None:
        """In the whole place."""
        ...

    def rename_person(self, person: str, name: str) -> None: ...

    def add_session(self, token_hash: str, person: str, at: int, agent: str = "", address: str = "") -> str:
        """Returns the session's public id."""
        ...

    def saw_session(self, person: str, session: str, at: int) -> None: ...

    def end_session(self, person: str, session: str) -> None:
        """By its public id; nothing happens when this person has no such session."""
        ...

    def end_sessions(self, person: str, but: str = "") -> None:
        """All of a person's, or all but one."""
        ...

    def add_account(self, person: str, login: str, email: str | None, password_hash: str, at: int) -> None:
        """Gives a person an account. Raises Conflict if somebody has this login name."""
        ...

    def drop_account(self, person: str) -> None:
        """The person is a guest again, without identities and passkeys."""
        ...

    def set_password(self, person: str, password_hash: str) -> None: ...

    def set_email(self, person: str, email: str | None) -> None: ...

    def set_profile(self, person: str, status: str | None, time_zone: str | None) -> None: ...

    def set_avatar(self, person: str, file: str | None) -> None:
        """The account holds this file, which exists, in place of the one before. None: no picture."""
        ...

    def add_identity(self, person: str, issuer: str, subject: str, at: int) -> None:
        """Raises Conflict `identity_taken`: it is somebody's, or the person has another one there."""
        ...

    def drop_identity(self, person: str, issuer: str) -> None: ...

    def add_passkey(self, added: StoredPasskey) -> None:
        """Raises Conflict `passkey_taken`."""
        ...

    def used_passkey(self, passkey: str, sign_count: int, at: int) -> None: ...

    def drop_passkey(self, person: str, passkey: str) -> None:
        """Nothing happens when this person has no such passkey."""
        ...

    def add_link(self, kind: LinkKind, code_hash: str, person: str | None, expires_at: int | None) -> None:
        """In place of an earlier one of this kind for this person."""
        ...

    def drop_links(self, kind: LinkKind, person: str | None) -> None: ...

    def add_conversation(self, key: str, room: str) -> None: ...

    def add_invite(self, added: Invite, code_hash: str) -> None:
        """Forgets those of the same room that can not be accepted any more."""
        ...

    def use_invite(self, invite: str) -> None:
        """One person less can come by it, if there is a number."""
        ...

    def drop_invite(self, invite: str) -> None: ...

    def set_read(self, room: str, person: str, seq: int) -> None:
        """Moves the read marker, in whichever direction."""
        ...

    # Order and erasing

    def set_sanction(self, sanctioned: Sanction) -> None:
        """In place of one of this kind that the person had there."""
        ...

    def drop_sanction(self, person: str, room: str, kind: str) -> None:
        """`room` is "" for the whole place. With a ban from there those of addresses end that came with it."""
        ...

    def remember_address(self, person: str, address: str) -> None:
        """From where a guest comes. Once for each."""
        ...

    def ban_address(self, address: str, person: str, until: int) -> None:
        """Because of this person."""
        ...

    def set_posted_at(self, room: str, person: str, at: int) -> None: ...

    def report(self, room: str, seq: int, person: str, at: int, reason: str) -> bool:
        """False: this person has reported it before."""
        ...

    def settle(self, room: str, seq: int) -> bool:
        """Takes a message off what was reported. False: it was not there."""
        ...

    def record(self, action: str, by: str, at: int, **about: Any) -> None:
        """Adds an entry to the audit log: see `hubbub.service.audit.record`."""
        ...

    def set_retention(self, room: str, days: int | None) -> None: ...

    def begin_erasure(self, gone: Person, messages: str) -> None:
        """Ends the person's sessions and takes away what only served them; the rest is for `erasures` to find."""
        ...

    def go_on_erasing(self, person: str, room: str, seq: int) -> None: ...

    def end_erasure(self, person: str) -> None: ...

    def rewrite_names(self, person: str, name: str, room: str, after: int, up_to: int) -> None:
        """Gives a person another name in the frames of a stretch of a room."""
        ...

    def add_file(self, stored: StoredFile) -> None:
        """Takes note of an uploaded file; nobody but its uploader may have it until a message holds it."""
        ...

    def sweep_files(self, before: int) -> list[SweptFile]:
        """Some of the files that no message holds any more, or that were uploaded before that time and never posted.
        When their blobs have been removed, `forget_files`; until then they are told again."""
        ...

    def forget_files(self, files: Iterable[str]) -> None: ...

    def touch(self) -> None:
        """Writes something that means nothing: a commit after it shows whether the disk takes writes."""
        ...
