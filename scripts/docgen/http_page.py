"""docs/http.md: the HTTP interface, from what the application itself says of it (OpenAPI)."""

import ast
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hubbub.app import create_app
from hubbub.protocol import Command, Problem
from hubbub.settings import Settings
from hubbub.web import auth
from hubbub.web.routes import BODY_MAX_BYTES

from .example import as_heard
from .fields import table
from .http_example import requests
from .http_fields import API, Field, fields_in, http_field_table, record_name, record_named, type_words
from .protocol_page import records
from .schema import COMMANDS, Json
from .source import tree_of

IN_PATHS = {
    "room": "The room, by its id.",
    "message": "The message, by the `seq` of its post.",
    "file": "The file, by its id.",
    "name": "Any words: the name under which it is saved comes with the answer.",
    "person": "The person, by their id.",
    "invite": "The invitation, by its id.",
    "passkey": "The passkey, by its id.",
    "session": "The session, by its id; or `current`.",
    "emoji": "Exactly one emoji, percent-encoded like everything in a path.",
}

HEAD = """\
<!-- Made by scripts/generate-docs from src/hubbub/web/api/. Change the routes there, then run the script. -->

# The HTTP interface

The verbs of [the chat protocol](protocol.md) as single requests, below `/api`: for scripts, and for whatever asks now \
and then. Who wants to hear what happens opens the WebSocket.

For machines the same is at `/api/openapi.json` on a running server (OpenAPI 3.1). There is no page to try it out on: \
the usual ones load a third party's script, and Hubbub's pages load nothing from elsewhere. In an application that \
mounts the chat, that application's own schema and pages show these routes."""

SIGNING_IN = f"""\
- *A program* becomes a guest by `POST /api/guests`, or signs in by `POST /api/sessions`, and shows the token that it \
gets: `Authorization: Bearer TOKEN`. The token is told only once: the server keeps nothing but its hash. It dies when \
somebody ends the session, when the person changes their password or is given another role, and after a year without \
use.
- *The page* has a cookie (`{auth.COOKIE}`; over https `{auth.SECURE_COOKIE}`), which the browser got when it opened \
the page, and keeps for {auth.COOKIE_MAX_AGE_S // (24 * 3600)} days.

A request with the cookie must not come from a page of another site. Its `Origin`, if it has one, must be the server's \
own or one of the setting `origins`: otherwise the cookie does not count. A change, which is any method but \
{", ".join(f"`{method}`" for method in sorted(auth.SAFE_METHODS))}, is then refused with 403 `foreign_origin`; and so \
it is when `Sec-Fetch-Site` is there and is not `same-origin` or `none`, unless `Origin` is a listed one. `POST \
/api/guests` has the same rule. A request with `Authorization` is not asked where it comes from, because a foreign \
page cannot know the token.

There are no CORS headers: a page of another origin uses the WebSocket."""

REQUESTS = f"""\
A body, unless it is a file, is one JSON object, with `Content-Type: application/json`. A field that is not named \
here, or that has another type, is refused. An answer is JSON too; ignore fields that you do not know, and take null \
and a missing field for the same. A body has at most {BODY_MAX_BYTES:,} bytes; everything else is limited as in [the \
protocol](protocol.md#limits), together with what the same person does on the socket.

A change that has been answered is durable."""


class Route(NamedTuple):
    method: str
    path: str
    operation: Json
    command: type[Command] | None
    """What it hands to `Chat.perform`."""

    @property
    def title(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def tag(self) -> str:
        return str(self.operation["tags"][0])

    @property
    def words(self) -> str:
        return " ".join(self.operation["description"].split())

    def parameters(self, place: str) -> list[Field]:
        found = self.operation.get("parameters", [])
        return [Field(p["name"], p["schema"], p["required"]) for p in found if p["in"] == place]

    def problems(self) -> dict[str, str]:
        """The statuses whose body is a Problem, each with its description."""
        answers = self.operation["responses"].items()
        return {
            status: answer["description"]
            for status, answer in answers
            if record_name(_json_of(answer)) == Problem.__name__
        }


def http_page() -> str:
    api = _openapi()
    schemas: Json = api["components"]["schemas"]
    routes = list(_routes(api))
    sections = [
        HEAD,
        "## Signing in",
        SIGNING_IN,
        *_example(),
        "## Requests",
        REQUESTS,
        "## When something goes wrong",
        _problems(routes, schemas),
        "## All routes",
        _overview(routes),
        "In these paths:",
        _in_paths(routes),
    ]
    for tag in dict.fromkeys(route.tag for route in routes):
        sections.append(f"## {tag.capitalize()}")
        for route in routes:
            if route.tag == tag:
                sections += _section(route, schemas, _common_problems(routes))
    return "\n\n".join(sections) + "\n"


def _openapi() -> Json:
    """Of an application that is never started."""
    with TemporaryDirectory() as folder:
        schema: Json = create_app(Settings(data=Path(folder))).openapi()
    return schema


def _routes(api: Json) -> Iterator[Route]:
    commands = _commands()
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            function = operation["summary"].lower().replace(" ", "_")
            yield Route(method, path, operation, commands.get(function))


def _commands() -> dict[str, type[Command]]:
    """By the name of a route's function, the command that the function makes."""
    by_name = {command.__name__: command for command in COMMANDS}
    return {
        function.name: by_name[name.id]
        for module in API
        for function in ast.walk(tree_of(module.__name__))
        if isinstance(function, ast.AsyncFunctionDef)
        for name in ast.walk(function)
        if isinstance(name, ast.Name) and name.id in by_name
    }


# What holds for all routes ---------------------------------------------------------------------------------------


def _example() -> list[str]:
    parts = ["## An example", "In a shell, with `HUBBUB_URL=http://127.0.0.1:8000` and curl 7.82 or newer."]
    for request in requests():
        parts += [request.words, f"```console\n$ {request.command}\n{as_heard(request.answer)}\n```"]
    parts.append(
        "While `more_after` is true she asks again, with the `seq` of the last message that she got. What is done to "
        "older messages, as edits and reactions, she does not learn so: that is what the WebSocket is for."
    )
    return parts


def _problems(routes: list[Route], schemas: Json) -> str:
    rows = [list(row) for row in _common_problems(routes).items()]
    return (
        "The answer has one of these statuses, on every route:\n\n"
        + table(["Status", "Meaning"], rows)
        + "\n\nand this body:\n\n"
        + http_field_table("Field", fields_in(schemas[Problem.__name__]), Problem, answer=True)
        + "\n\n[The protocol](protocol.md#error-codes) lists the codes. With `retry_after_s` comes a `Retry-After`, "
        "with 401 a `WWW-Authenticate: Bearer`. What no route takes at all has another body: a path that is not there "
        "(404), another method (405), too many bytes (413)."
    )


def _common_problems(routes: list[Route]) -> dict[str, str]:
    first, *others = [route.problems() for route in routes]
    return {status: words for status, words in first.items() if all(other.get(status) == words for other in others)}


def _overview(routes: list[Route]) -> str:
    rows = [[f"[`{route.title}`](#{_anchor(route.title)})", route.words.split(". ")[0].rstrip(".")] for route in routes]
    return table(["Route", ""], rows)


def _anchor(title: str) -> str:
    """As GitHub makes it of a heading."""
    return "".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c in "-_")


def _in_paths(routes: list[Route]) -> str:
    found = {field.name: type_words(field.schema) for route in routes for field in route.parameters("path")}
    return table(["Part", "Type", "Meaning"], [[f"`{{{name}}}`", kind, IN_PATHS[name]] for name, kind in found.items()])


# One route -------------------------------------------------------------------------------------------------------


def _section(route: Route, schemas: Json, common: dict[str, str]) -> list[str]:
    own_problems = [[status, words] for status, words in route.problems().items() if common.get(status) != words]
    parts = [
        f"### `{route.title}`",
        _about(route),
        _query(route),
        _body(route, schemas),
        _answer(route, schemas),
        table(["Status", "Meaning"], own_problems) if own_problems else "",
    ]
    return [part for part in parts if part]


def _about(route: Route) -> str:
    words = route.words
    if route.command:
        name = route.command.model_fields["type"].default
        words += f" As the command [`{name}`](protocol.md#command-{name})."
    return words if "security" in route.operation else f"{words} Nobody has to be signed in."


def _query(route: Route) -> str:
    fields = route.parameters("query")
    return http_field_table("In the query", fields, route.command) if fields else ""


def _body(route: Route, schemas: Json) -> str:
    if "requestBody" not in route.operation:
        return ""
    name = record_name(_json_of(route.operation["requestBody"]))
    if not name:
        return "The body is the bytes, whatever its `Content-Type`; see the settings for how many there may be."
    return http_field_table("In the body", fields_in(schemas[name]), record_named(name), route.command)


def _answer(route: Route, schemas: Json) -> str:
    """The first of the responses: the others are problems."""
    status, answer = next(iter(route.operation["responses"].items()))
    schema = _json_of(answer)
    if not schema:
        others = [[s, a["description"]] for s, a in route.operation["responses"].items() if not _json_of(a)]
        return table(["Status", "Meaning"], others)
    name = record_name(schema)
    if not name or record_named(name) in records():
        return f"Answers {status}: {type_words(schema)}."
    return f"Answers {status}:\n\n" + http_field_table(
        "Field", fields_in(schemas[name]), record_named(name), answer=True
    )


def _json_of(part: Json) -> Json:
    """Nothing where there are other bytes, or none."""
    schema: Json = part.get("content", {}).get("application/json", {}).get("schema", {})
    return schema
