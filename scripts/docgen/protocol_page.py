"""docs/protocol.md: the WebSocket protocol, for people who write a client."""

from inspect import cleandoc

from pydantic import BaseModel

from hubbub import errors, protocol
from hubbub.cli.remote import GIVE_UP_FROM
from hubbub.core import models, policy, text
from hubbub.core.models import Passkey, SessionInfo
from hubbub.hub.typing import NAMED_MAX
from hubbub.service import VERBS
from hubbub.settings import Settings
from hubbub.store import UNREAD_CAP
from hubbub.web import auth, socket
from hubbub.web.api.people import Guest

from .errors_section import close_codes, error_codes
from .example import ANN, as_heard, as_sent, conversation
from .fields import field_table, is_frame, link_to, small_types
from .schema import COMMANDS, EVENTS, SERVER_FRAMES, SIGNALS, with_parts


def protocol_page() -> str:
    sections = [
        "<!-- Made by scripts/generate-docs from src/hubbub/protocol. Change it there, then run the script. -->",
        "# The chat protocol",
        cleandoc(protocol.__doc__ or ""),
        *_example(),
        "## Connecting",
        _connecting(),
        "## Limits",
        _limits(),
        "## The first frames",
        *_section("Frame", [protocol.Hello], from_client=True),
        *_section("Frame", [protocol.Welcome]),
        "## Commands",
        _overview(),
        *(part for command in COMMANDS for part in _command(command)),
        "## Answers",
        "Each command gets one `result` or one `error`, with the command's `id`. Commands of one connection are done "
        "one after the other.",
        *_section("Frame", [protocol.Result, protocol.Error]),
        "### Error codes",
        error_codes(),
        "## Durable events",
        "All of them have these fields; their own ones follow.",
        field_table(protocol.BaseEvent),
        *_section("Event", list(EVENTS), without=protocol.BaseEvent),
        "## Signals",
        *_section("Signal", list(SIGNALS)),
        "## Records",
        cleandoc(models.__doc__ or ""),
        *_section("Record", records()),
        "## Small types",
        small_types(),
        "## How a connection ends",
        close_codes(),
        _coming_back(),
    ]
    return "\n\n".join(sections) + "\n"


def _example() -> list[str]:
    guest = Guest(person=ANN, token="…")
    parts = [
        "## A conversation",
        "A program first becomes a guest; a browser has done that when it opened the page.",
        f'```text\nPOST /api/guests {{"name": "{ANN.name}"}}\n\n201 Created\n{as_heard(guest)}\n```',
        "Then it opens `/ws` with `Authorization: Bearer` and that token. → is what it sends, ← what it gets.",
    ]
    for step in conversation():
        lines = [f"→ {as_sent(step.sent)}", *(f"← {as_heard(frame)}" for frame in step.heard)]
        parts += [step.words, "```text\n" + "\n".join(lines) + "\n```"]
    parts.append(
        "Signals come in between at any time. An event and the result of the command that made it may come in either "
        "order. Ignore fields and types that you do not know; a field without a value is left out or null."
    )
    return parts


def _connecting() -> str:
    return "\n".join(
        [
            "The address is `/ws`, below the path where the chat is mounted, if it is. Who you are is said by the "
            "handshake:",
            "",
            "- `Authorization: Bearer TOKEN`, with a token of `POST /api/guests`; or",
            f"- the cookie that the page sets (`{auth.COOKIE}`; over https `{auth.SECURE_COOKIE}`). It counts only "
            "together with an `Origin`, as every browser sends it.",
            "",
            "An `Origin` must be the server's own or one of the setting `origins`; with another one the handshake is "
            f"refused with HTTP 403. Without a valid session the connection is closed with "
            f"{errors.CloseCode.SIGN_IN_NEEDED}.",
            "",
            "The server pings; WebSocket libraries answer that by themselves. Frames are text, in UTF-8.",
            "",
            "The same verbs, and `POST /api/guests`, are there over HTTP: see [http.md](http.md). The plain text "
            "protocol of the FastAPI tutorial is at `/ws/{client_id}` and is not described here.",
        ]
    )


def _limits() -> str:
    default = Settings.model_fields
    rows = {
        "A frame from the client": f"{protocol.FRAME_MAX_BYTES:,} bytes (setting `frame_max_bytes`)",
        "The text of a message": f"{text.TEXT_MAX_CHARS:,} characters",
        "A name of a person or a room": f"{text.NAME_MAX_CHARS} characters",
        "Kinds of emoji on one message": f"{policy.REACTION_KINDS_MAX}",
        "A page of a list": f"{protocol.PAGE_MAX} entries",
        "Cursors in `hello`": f"{protocol.CURSORS_MAX}",
        "Commands of a connection that wait": f"{socket.WAITING_MAX}",
        "Commands of a person": _rate("commands"),
        f"Of these {_counted_as_posts()}": _rate("posts"),
        "Time for the first frame": f"{default['hello_timeout_s'].default:g} s (setting `hello_timeout_s`)",
        "Names in `presence` and `here`": f"{protocol.NAMES_MAX}",
        "Names in `typing`": f"{NAMED_MAX}",
        "Unread messages that are counted": f"{UNREAD_CAP}",
    }
    return "\n".join(["| What | At most |", "|---|---|", *(f"| {what} | {limit} |" for what, limit in rows.items())])


def _counted_as_posts() -> str:
    return ", ".join(f"`{_type(command)}`" for command in COMMANDS if VERBS[command].posts)


def _rate(what: str) -> str:
    burst, average = (Settings.model_fields[f"{what}_{name}"].default for name in ("burst", "per_second"))
    return f"{burst} at once, {average:g} a second on average (settings `{what}_burst`, `{what}_per_second`)"


def _overview() -> str:
    rows = [f"| [`{_type(c)}`](#command-{_type(c)}) | {_first_line(c)} |" for c in COMMANDS]
    return "\n".join(["| Type | |", "|---|---|", *rows])


def _command(command: type[protocol.Command]) -> list[str]:
    verb = VERBS[command]
    result = f"Its result's value: {link_to(verb.answer.__name__)}."
    if verb.posts:
        result += " It counts against the limit for posts, too."
    return [*_section("Command", [command], from_client=True), result]


def _section(
    kind: str, types: list[type[BaseModel]], *, from_client: bool = False, without: type[BaseModel] | None = None
) -> list[str]:
    """A heading, the docstring and the fields of each type, but for those that it has from `without`."""
    parts = []
    for model in types:
        name = _type(model) if is_frame(model) else model.__name__
        parts += [f"### {kind} `{name}`", _doc(model), field_table(model, from_client=from_client, without=without)]
    return [part for part in parts if part]


def _coming_back() -> str:
    stall_s = Settings.model_fields["stall_timeout_s"].default
    return (
        f"A connection that reads nothing for {stall_s:g} s (setting `stall_timeout_s`) is cut without a code, as when "
        "the network fails: a browser calls that 1006. Come back after it, too. The page and `hubbub tail` come back "
        f"after every code below {GIVE_UP_FROM}, after a pause that grows. The page draws its pause at random between "
        "0 and a bound that doubles from 1 s to 30 s, so that not everybody comes at once; it does not wait when the "
        "network is back or somebody looks at it."
    )


def records() -> list[type[BaseModel]]:
    """What answers, events and signals are made of, by name."""
    parts = set(with_parts([*SERVER_FRAMES, protocol.Export])) | {Passkey, SessionInfo}
    parts -= set(SERVER_FRAMES)  # those three over HTTP alone
    return sorted(parts, key=lambda model: model.__name__)


def _type(model: type[BaseModel]) -> str:
    return str(model.model_fields["type"].default)


def _doc(model: type[BaseModel]) -> str:
    """The class's own docstring; pydantic's, or none, is empty."""
    return cleandoc(model.__dict__.get("__doc__") or "").strip()


def _first_line(model: type[BaseModel]) -> str:
    return " ".join(_doc(model).split()).split(". ")[0].rstrip(".")
