"""What the store hands out beside the models: what only the server knows."""

from typing import Literal, NamedTuple

from hubbub.core.models import FileInfo, Person
from hubbub.protocol import Event


class Committed(NamedTuple):
    """An event that is durable, with the frame that every client gets: encoded once, stored as it is sent."""

    event: Event
    frame: str


class StoredFrame(NamedTuple):
    seq: int
    frame: str


class SignedIn(NamedTuple):
    person: Person
    session: str
    """The public id of the session."""
    seen_at: int


class StoredSession(NamedTuple):
    id: str
    created_at: int
    seen_at: int
    agent: str
    address: str


class Account(NamedTuple):
    person: str
    login: str
    email: str | None
    password_hash: str
    created_at: int
    status: str | None
    time_zone: str | None
    avatar: str | None = None
    """The id of a file."""


class StoredPasskey(NamedTuple):
    id: str
    """The credential's, in base64url."""
    person: str
    public_key: bytes
    """In COSE's form (RFC 9052)."""
    sign_count: int
    """0: it does not count."""
    name: str
    created_at: int
    used_at: int


LinkKind = Literal["owner", "reset"]


class Erasure(NamedTuple):
    """Somebody who is being forgotten, and how far that has come."""

    person: str
    messages: str
    """`keep` or `erase`."""
    room: str
    seq: int


class Link(NamedTuple):
    """Something that whoever has its code may do once."""

    person: str | None


class StoredFile(NamedTuple):
    """An uploaded file, and what only the server knows of it."""

    info: FileInfo
    by: str
    at: int
    sha256: str
    """Of its bytes: by this they are found on the disk."""
    thumbnail: str | None
    """SHA-256 of a smaller picture, if there is one."""


class SweptFile(NamedTuple):
    """A file that nobody may have any more."""

    id: str
    blobs: list[str]
    """Each SHA-256 that no other file has: these bytes are to be removed."""
