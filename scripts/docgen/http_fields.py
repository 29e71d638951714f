"""Fields as OpenAPI tells of them, with the meanings that stand in the source."""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import BaseModel, TypeAdapter

from hubbub import protocol
from hubbub.core import models
from hubbub.web.api import (
    accounts,
    files,
    invites,
    members,
    messages,
    my_data,
    order,
    people,
    place,
    rooms,
    search,
    sign_in,
)

from .fields import PLAIN, SMALL_TYPES, link_to, small_type_docs, table
from .schema import Json
from .source import field_docs

API = (accounts, sign_in, people, place, rooms, members, messages, files, search, invites, order, my_data)
"""The modules with the routes."""
SMALL_SCHEMAS = {
    name: TypeAdapter(getattr(protocol, name, None) or getattr(models, name)).json_schema() for name in SMALL_TYPES
}


class Field(NamedTuple):
    name: str
    schema: Json
    required: bool


def fields_in(schema: Json) -> list[Field]:
    """Those of a record."""
    required = schema.get("required", ())
    return [Field(name, field, name in required) for name, field in schema["properties"].items()]


def http_field_table(what: str, fields: Sequence[Field], *owners: type[BaseModel] | None, answer: bool = False) -> str:
    """Markdown. `owners` are asked for the meaning of each field, the first one first. In an answer it is not said
    whether a field must be given."""
    rows = [
        [
            f"`{field.name}`",
            type_words(field.schema),
            "" if answer else _given(field),
            next(filter(None, (field_docs(owner).get(field.name) for owner in owners if owner)), _type_doc(field)),
        ]
        for field in fields
    ]
    return table([what, "Type", "Given", "Meaning"], rows)


def type_words(schema: Json) -> str:
    """A type, in words and links. Null is left out: optional fields are said to be so elsewhere."""
    if name := _small_type(schema) or record_name(schema):
        return link_to(name, "protocol.md")
    match schema:
        case {"anyOf": parts}:
            return " or ".join(type_words(part) for part in parts if part != {"type": "null"})
        case {"type": "array", "items": {"prefixItems": parts}}:
            return "list of [" + ", ".join(map(type_words, parts)) + "]"
        case {"type": "array", "items": items}:
            return f"list of {type_words(items)}"
        case {"type": "integer", "minimum": low, "maximum": high}:
            return f"integer, {low} to {high}"
        case {"type": "string" | "number" as kind}:
            return str(kind)
        case {"type": "boolean"}:
            return PLAIN["bool"]
        case {"type": "object"}:
            return "object"
    raise NotImplementedError(schema)


def record_name(schema: Json) -> str:
    """The name of the record that a schema refers to; empty if it does not."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def record_named(name: str) -> type[BaseModel]:
    found: type[BaseModel] = next(vars(home)[name] for home in (*API, protocol, models) if name in vars(home))
    return found


def _given(field: Field) -> str:
    if field.required:
        return "**required**"
    default = field.schema.get("default")
    return "optional" if default in (None, "", []) else f"default `{default}`"


def _type_doc(field: Field) -> str:
    return small_type_docs().get(_small_type(field.schema) or "", "")


def _small_type(schema: Json) -> str | None:
    """The name of the small type that has this schema, also when null is allowed beside it."""
    [first, *others] = [part for part in schema.get("anyOf", [schema]) if part != {"type": "null"}]
    bare = {name: value for name, value in first.items() if name not in ("title", "default")}
    return next((name for name, known in SMALL_SCHEMAS.items() if known == bare and not others), None)
