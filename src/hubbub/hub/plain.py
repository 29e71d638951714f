"""The language of the tutorial: what a plain-text client reads of an event."""

from hubbub.protocol import EVENTS, Event, MessagePosted


def plain_text(event: Event) -> str | None:
    """The line for this event; None when plain-text clients are not told of it."""
    if isinstance(event, MessagePosted) and event.text:
        return f"{event.by.name} says: {event.text}"
    return None


def plain_of_frame(frame: str) -> str | None:
    """The same for an event that was encoded before."""
    return plain_text(EVENTS.validate_json(frame))
