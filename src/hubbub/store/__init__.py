"""The store is the truth: rooms as logs of events, and the current state that follows from them.

A caller hands in a plain function; the store runs it in a worker thread inside a transaction:

    seq = await store.write(lambda tx: tx.append(draft).seq)
    page = await store.read(lambda reader: reader.history("lobby", before=120, limit=50))

`write` joins the functions of many callers into one transaction (group commit) and returns after the commit; each
function sees what the ones before it did, and one that raises leaves no trace. When one has raised after it had
written, all are run again, so a function changes nothing but the store. Whatever `append` and `announce` gave
is handed to `on_commit` after the commit, in order, before the writers get their results.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from hubbub.counts import Histogram
from hubbub.protocol import Envelope
from hubbub.store.reads import Reader
from hubbub.store.records import (
    Account,
    Committed,
    Erasure,
    Link,
    LinkKind,
    SignedIn,
    StoredFile,
    StoredFrame,
    StoredPasskey,
    StoredSession,
    SweptFile,
)
from hubbub.store.writes import Transaction

__all__ = [
    "UNREAD_CAP",
    "Account",
    "Committed",
    "Erasure",
    "Link",
    "LinkKind",
    "Reader",
    "SignedIn",
    "Store",
    "StoreLoad",
    "StoredFile",
    "StoredFrame",
    "StoredPasskey",
    "StoredSession",
    "SweptFile",
    "Transaction",
]

T = TypeVar("T")
UNREAD_CAP = 100


class StoreLoad(NamedTuple):
    """How busy a store is."""

    writes_waiting: int
    """That have not been done."""
    reads_waiting: int
    batch_sizes: Histogram
    """Writes in each transaction since the start."""


class Store(Protocol):
    on_commit: Callable[[Sequence[Committed | Envelope]], None]
    """Called in the event loop's thread after each commit with what was appended and announced, in order.
    Set once, before the first write."""

    async def start(self) -> None:
        """Opens the database, migrates it, makes the lobby if there is none.
        Raises SetupError with one clear line (damaged, not writable, made by a newer version, locked)."""
        ...

    async def stop(self) -> None:
        """Finishes the writes that were handed in, then closes. Later calls raise Unavailable."""
        ...

    def load(self) -> StoreLoad: ...

    async def read(self, function: Callable[[Reader], T], *, patient: bool = False) -> T:
        """Raises what `function` raises. `patient`: where many come at once, it may wait some milliseconds to be read
        together with others, which costs a fraction."""
        ...

    async def write(self, function: Callable[[Transaction], T]) -> T:
        """Raises what `function` raises; Unavailable (code `storage_full`, `storage_failed` or `unavailable`) when
        the database cannot. If the caller is cancelled the write may still happen, and is then announced."""
        ...
