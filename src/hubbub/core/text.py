"""Text as people type it: bounds and the characters that are not allowed."""


def has_control_characters(value: str) -> bool:
    """True for any C0 or C1 control character or DEL, but newline and tab."""
    return any((c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" for c in value)
