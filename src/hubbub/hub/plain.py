"""The language of the tutorial: what a plain-text client reads of an event."""

from hubbub.protocol import EVENTS, Event, MessagePosted


def plain_text(event: Event) -> str | None:
    """The line for this event; None when plain-text clients are not told of it."""
    if isinstance(event, MessagePosted) and (event.text or event.files):
        files = [f"[{file.name}]" for file in event.files or []]
        return f"{event.by.name} says: {' '.join([*([event.text] if event.text else []), *files])}"
    return None


def plain_of_frame(frame: str) -> str | None:
    """The same for an event that was encoded before."""
    return plain_text(EVENTS.validate_json(frame))
