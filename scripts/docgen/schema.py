"""docs/protocol.schema.json: every frame as JSON Schema 2020-12."""

import json
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from hubbub import protocol

from .source import field_docs

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Json = dict[str, Any]

COMMANDS: tuple[type[protocol.Command], ...] = get_args(get_args(protocol.AnyCommand)[0])
EVENTS: tuple[type[BaseModel], ...] = get_args(protocol.Event)
SIGNALS: tuple[type[BaseModel], ...] = get_args(protocol.Signal)
SERVER_FRAMES: tuple[type[BaseModel], ...] = (protocol.Welcome, protocol.Result, protocol.Error, *EVENTS, *SIGNALS)
CLIENT_FRAMES: tuple[type[BaseModel], ...] = (protocol.Hello, *COMMANDS)


def protocol_schema() -> str:
    frames: list[type[BaseModel]] = [*CLIENT_FRAMES, *SERVER_FRAMES]
    names, both = models_json_schema([(model, "validation") for model in frames], ref_template="#/$defs/{model}")
    defs: Json = both["$defs"]
    for model in with_parts(frames):
        _complete(defs[model.__name__], model)
        if model not in CLIENT_FRAMES:
            del defs[model.__name__]["additionalProperties"]  # a later server may add fields
    refs = {model: names[model, "validation"] for model in frames}
    defs["clientFrame"] = {"anyOf": [refs[model] for model in CLIENT_FRAMES]}
    defs["serverFrame"] = {"anyOf": [refs[model] for model in SERVER_FRAMES]}
    schema = {
        "$schema": DIALECT,
        "title": f"The Hubbub chat protocol, version {protocol.VERSION}",
        "description": "Made by scripts/generate-docs from the code. protocol.md says what the frames mean.",
        "anyOf": [{"$ref": "#/$defs/clientFrame"}, {"$ref": "#/$defs/serverFrame"}],
        "$defs": dict(sorted(defs.items())),
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _complete(schema: Json, model: type[BaseModel]) -> None:
    """What pydantic leaves out: the fields' docstrings; that `type` is what tells the frames apart; that a field which
    may be null may be missing too."""
    docs = field_docs(model)
    fields: dict[str, Json] = schema["properties"] if model.model_fields else {}
    for name, field in fields.items():
        field.pop("title", None)
        if name in docs:
            field["description"] = docs[name]
    schema.pop("title", None)
    nullable = {name for name, field in fields.items() if {"type": "null"} in field.get("anyOf", ())}
    required = [name for name in fields if name in schema.get("required", ()) and name not in nullable]
    if "const" in fields.get("type", {}):
        required = ["type", *required]
    if required:
        schema["required"] = required
    else:
        schema.pop("required", None)


def with_parts(models: list[type[BaseModel]]) -> list[type[BaseModel]]:
    """The models and all that their fields are made of, each once."""
    found = list(dict.fromkeys(models))
    for model in found:
        for field in model.model_fields.values():
            found += [part for part in dict.fromkeys(_parts_of(field.annotation)) if part not in found]
    return found


def _parts_of(annotation: Any) -> list[type[BaseModel]]:
    """The models in an annotation, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _parts_of(argument)]
