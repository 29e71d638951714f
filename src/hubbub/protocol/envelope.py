"""What the bus carries: between nodes."""

from typing import Literal, NamedTuple

from hubbub.core.models import (
    Author,
    Person,
    PersonId,
    Place,
    RoomId,
    Seq,
)


class Envelope(NamedTuple):
    """What the bus carries between nodes: a frame that is already encoded, and whom it is for."""

    frame: str
    room: RoomId | None = None
    """For everybody who is in this room now …"""
    person: PersonId | None = None
    """… or for every connection of this person."""
    seq: Seq | None = None
    """Of a durable event; None for a signal."""
    plain: str | None = None
    """The same for plain-text clients (the tutorial's protocol); None when they are not told."""
    erases: bool = False
    """Something was taken out of the room's log: earlier frames must not be given to anybody again. Without `seq`:
    and no event says so. Together with `ends`: what this person has left behind is to be erased."""
    membership: Literal["joined", "left"] | None = None
    """Together with `person`, `room` and `seq`: this person's connections are (not) in that room after `seq`."""
    changed: Person | None = None
    """Together with `person`: who they are from now on."""
    ends: Literal["signed_out", "banned"] | None = None
    """Together with `person`: their connections end at once."""
    session: str | None = None
    """Together with `ends`: only those of this session."""
    place: Place | None = None
    """The place as it is from now on, for every node."""
    typing: Author | None = None
    """Together with `room`: who types there now …"""
    stopped: bool = False
    """… or does not any more."""
