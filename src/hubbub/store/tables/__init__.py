"""The tables: the log (`event`), and the current state that follows from it."""

from hubbub.store.tables.messages import attachment, event, file, message, reaction
from hubbub.store.tables.metadata import metadata
from hubbub.store.tables.order import audit, report, sanction, slow
from hubbub.store.tables.people import account, address_ban, erasure, guest_address, link, person, person_name, session
from hubbub.store.tables.rooms import conversation, invite, membership, meta, room
from hubbub.store.tables.search import search_block, search_mark, search_term
from hubbub.store.tables.sign_in import identity, passkey

__all__ = [
    "account",
    "address_ban",
    "attachment",
    "audit",
    "conversation",
    "erasure",
    "event",
    "file",
    "guest_address",
    "identity",
    "invite",
    "link",
    "membership",
    "message",
    "meta",
    "metadata",
    "passkey",
    "person",
    "person_name",
    "reaction",
    "report",
    "room",
    "sanction",
    "search_block",
    "search_mark",
    "search_term",
    "session",
    "slow",
]
