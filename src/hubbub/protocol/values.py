"""Small types and limits that frames share."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from hubbub.core.models import (
    PersonId,
)
from hubbub.core.text import NAME_MAX_CHARS, TEXT_MAX_CHARS, TOPIC_MAX_CHARS, has_control_characters

VERSION = 1
FRAME_MAX_BYTES = 65_536
PAGE_MAX = 100
CURSORS_MAX = 500
NAMES_MAX = 300
"""People who are named: above that, only their number is told."""
SEARCH_MAX_CHARS = 400
SLOW_MAX_S = 6 * 3600
DIRECT_MAX = 8
"""People in a direct conversation."""
INVITE_MAX_HOURS = 24 * 365
INVITE_USES_MAX = 1000
STATUS_MAX_CHARS = 100
REASON_MAX_CHARS = 300
MINUTES_MAX = 5_256_000
DAYS_MAX = 36_500


def _without_control_characters(value: str) -> str:
    if has_control_characters(value):
        raise ValueError("control characters other than newline and tab are not allowed")
    return value


Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=TEXT_MAX_CHARS),
    AfterValidator(_without_control_characters),
]
"""Of a message, in markdown. It is kept as it was typed; only line ends become "\\n"."""
Caption = Annotated[str, StringConstraints(max_length=TEXT_MAX_CHARS), AfterValidator(_without_control_characters)]
"""The text of a message, which may be empty when there are files."""
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=NAME_MAX_CHARS),
    AfterValidator(_without_control_characters),
]
"""Of a person or a room. It is normalised (NFC, one space between words), so it may come back a little different."""
Topic = Annotated[str, StringConstraints(max_length=TOPIC_MAX_CHARS), AfterValidator(_without_control_characters)]
"""What a room is about, in one line; empty: nothing is said. It is normalised as names are."""
SlowMode = Annotated[int, Field(ge=0, le=SLOW_MAX_S)]
"""Seconds between two messages of one person; 0: none."""
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
"""Chosen by the client, once for each post, so that a repeated post is recognised."""
Emoji = Annotated[str, StringConstraints(min_length=1, max_length=32)]
"""Exactly one emoji. Its recommended form is what is stored and told."""
Question = Annotated[str, StringConstraints(max_length=SEARCH_MAX_CHARS)]
"""What to look for, as a person writes it."""
FoundBefore = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,16}\.[a-z0-9-]{0,40}\.[0-9]{1,16}$")]
"""Where a page of answers to a search ended."""
Reason = Annotated[
    str,
    StringConstraints(max_length=REASON_MAX_CHARS),
    AfterValidator(_without_control_characters),
]
"""Why somebody did it, in their own words; may be empty."""
BlockedWord = Annotated[
    str,
    StringConstraints(min_length=1, max_length=40),
    AfterValidator(_without_control_characters),
]
"""A word, or several that follow each other."""
Minutes = Annotated[int, Field(ge=1, le=MINUTES_MAX)]
Days = Annotated[int, Field(ge=1, le=DAYS_MAX)]
AuditId = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""The number of an entry of the audit log; later ones have greater numbers."""
Action = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
"""What was done, as the audit log calls it."""
UtcOffset = Annotated[int, Field(ge=-840, le=840)]
"""Minutes: 60 where it is an hour later than in UTC."""
OtherPeople = Annotated[list[PersonId], Field(min_length=1, max_length=DIRECT_MAX)]
InviteUses = Annotated[int, Field(ge=1, le=INVITE_USES_MAX)]
InviteHours = Annotated[int, Field(ge=1, le=INVITE_MAX_HOURS)]
InviteAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s\"<>?#]{1,200}$")]
InviteCode = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Status = Annotated[
    str,
    StringConstraints(max_length=STATUS_MAX_CHARS),
    AfterValidator(_without_control_characters),
]
"""One line. It is normalised as names are; an empty one is none."""
TimeZone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,60}$")]
"""Of the IANA's list, as `Europe/Berlin`."""
CommandId = Annotated[int, Field(ge=0, le=2**53 - 1)] | Annotated[str, StringConstraints(min_length=1, max_length=64)]
"""Chosen by the client, to find the answer by."""
