"""Everything that can go wrong, as a tree.

    HubbubError                 a code, words for a person, and the answer to "shall I try again?"
    ├── Invalid                 the request cannot be understood or breaks a rule about its form
    │   └── TooLarge            … because something in it is too long
    ├── SignInNeeded            nobody is signed in, or the session has ended
    ├── Forbidden               this person may not do this
    ├── NotFound                there is no such thing, or this person may not know of it
    ├── MethodNotAllowed        there is something at this address, but not for this method
    ├── Conflict                the request contradicts what is already there
    ├── RateLimited             too much in too short a time; says when to come back
    ├── Unavailable             the server cannot do it now; says when to come back
    ├── NoSpace                 the server has no room for it, until somebody makes some
    └── SetupError              the program cannot start: a wrong setting, a busy port, a damaged database

A code is stable and may be matched by programs; words may change. Each class knows its HTTP status, and
`CloseCode` lists how a WebSocket may end.
"""

from enum import IntEnum


class HubbubError(Exception):
    """Base of all errors that a person or a client program is told about."""

    status = 500
    """HTTP status (RFC 9110, section 15)."""
    retry = False
    """Whether the same request may succeed later without being changed."""
    default_code = "internal"

    def __init__(self, words: str, *, code: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.code = code or self.default_code
        self.retry_after_s = retry_after_s


class Invalid(HubbubError):
    status = 422
    default_code = "invalid"


class TooLarge(Invalid):
    status = 413
    default_code = "too_large"


class SignInNeeded(HubbubError):
    status = 401
    default_code = "sign_in_needed"


class Forbidden(HubbubError):
    status = 403
    default_code = "forbidden"


class NotFound(HubbubError):
    status = 404
    default_code = "not_found"


class MethodNotAllowed(HubbubError):
    status = 405
    default_code = "method_not_allowed"


class Conflict(HubbubError):
    status = 409
    default_code = "conflict"


class RateLimited(HubbubError):
    status = 429
    retry = True
    default_code = "rate_limited"


class Unavailable(HubbubError):
    status = 503
    retry = True
    default_code = "unavailable"


class NoSpace(HubbubError):
    status = 507
    default_code = "no_space"


class SetupError(HubbubError):
    """Raised before the server runs; the command line prints its words as one line and exits with 1."""

    default_code = "setup"


class CloseCode(IntEnum):
    """How a WebSocket ends (RFC 6455, section 7.4). From 4000 on they are ours:
    40xx: come back (with the cursors that you have); 44xx: do not come back before something has changed."""

    GOING_AWAY = 1001
    """A browser says this when it leaves the page; the server never does."""
    UNSUPPORTED_DATA = 1003
    """A binary frame came. Come back, and send text."""
    INVALID_DATA = 1007
    """A text frame was not UTF-8. Come back without it."""
    POLICY_VIOLATION = 1008
    """A message came in more than 64 fragments. Or, on the tutorial's socket: the last line was refused, or lines came
    too fast. Come back without that, or slower."""
    MESSAGE_TOO_BIG = 1009
    """A frame was larger than `frame_max_bytes`, or on the tutorial's socket a line longer than a message may be.
    Come back without it."""
    INTERNAL_ERROR = 1011
    """No answer to a ping came within `ping_timeout_s`. Come back."""
    SERVICE_RESTART = 1012
    """The server stops. Come back when the signal `restarting`, just before, has said to."""
    TRY_AGAIN_LATER = 1013
    """The store cannot be used now. Come back after a while."""
    TOO_SLOW = 4008
    """More than four times `outlet_buffer_bytes` waited to be read by a client that went on sending commands. Come
    back, and read the answers."""
    HELLO_EXPECTED = 4400
    """The first frame was not `hello`, came later than `hello_timeout_s`, or named another version of the protocol.
    Do not come back: the client has to be changed."""
    SIGN_IN_NEEDED = 4401
    """The handshake had no valid session, or it has ended since. Come back with one: by signing in, by `POST
    /api/guests`, or by loading the page anew."""
    BANNED = 4403
    """This person has been banned from the place. Do not come back."""
