"""The table of a record's fields: name, type in words, whether it is there, meaning."""

import ast
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from hubbub import protocol
from hubbub.core import models

from .source import annotations, definitions, field_docs, name_docs

PLAIN = {"str": "string", "int": "integer", "float": "number", "bool": "true or false"}
SMALL_TYPES = ["RoomId", "PersonId", "Seq", "Millis", "Text", "Name", "Key", "Emoji"]
SMALL_TYPES += ["Caption", "FileId", "Question", "FoundBefore", "UtcOffset", "CommandId"]
SMALL_TYPES += ["Reason", "BlockedWord", "Minutes", "Days", "AuditId", "Action"]
"""Names for strings and integers with bounds, in the order in which the page explains them."""
WORDS = [models.__name__, *(f"{protocol.__name__}.{part}" for part in ("values", "events", "signals", "answers"))]
"""The modules whose names stand in annotations."""
OTHER_NAMES = {name: node for module in WORDS for name, node in definitions(module).items()}


def field_table(model: type[BaseModel], *, from_client: bool = False, without: type[BaseModel] | None = None) -> str:
    """Markdown, but for `type`, which every frame has, and the fields of `without`. Empty if there are no others."""
    docs = field_docs(model)
    left_out = ({"type"} if is_frame(model) else set()) | (without.model_fields.keys() if without else set())
    rows = [
        [f"`{name}`", type_words(annotation), _presence(model, name, from_client), docs.get(name, "")]
        for name, annotation in annotations(model).items()
        if name in model.model_fields.keys() - left_out
    ]
    return table(["Field", "Type", "Given", "Meaning"], rows) if rows else ""


def is_frame(model: type[BaseModel]) -> bool:
    """Whether its `type` says which frame it is."""
    return "type" in model.model_fields and not model.model_fields["type"].is_required()


def table(head: list[str], rows: list[list[str]]) -> str:
    """A markdown table, without columns that are empty in every row."""
    used = [column for column in range(len(head)) if any(row[column] for row in rows)]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line[column] for column in used) + " |" for line in lines)


def small_types() -> str:
    docs = small_type_docs()
    rows = [
        [f'<a id="{_anchor(name)}"></a>`{name}`', type_words(OTHER_NAMES[name]), docs.get(name, "")]
        for name in SMALL_TYPES
    ]
    return table(["Name", "Form", "Meaning"], rows)


def small_type_docs() -> dict[str, str]:
    docs = {name: words for module in WORDS for name, words in name_docs(module).items()}
    return {name: docs[name] for name in SMALL_TYPES if name in docs}


def link_to(name: str, page: str = "") -> str:
    """To where docs/protocol.md explains a type. `page`: that page, in a link from another one."""
    return f"[{name}]({page}#{_anchor(name)})"


def type_words(node: ast.expr) -> str:
    """An annotation, in words and links. None is left out: optional fields are said to be so elsewhere."""
    match node:
        case ast.Name(id=name) if name in PLAIN:
            return PLAIN[name]
        case ast.Name(id=name) if name in SMALL_TYPES or (name[0].isupper() and name not in OTHER_NAMES):
            return link_to(name)
        case ast.Name(id=name):
            return type_words(OTHER_NAMES[name])
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return " or ".join(words for part in (left, right) if (words := type_words(part)))
        case ast.Constant(value=None):
            return ""
        case ast.Subscript(value=ast.Name(id=name), slice=argument):
            parts = list(argument.elts) if isinstance(argument, ast.Tuple) else [argument]
            return _generic(name, parts)
    raise NotImplementedError(ast.unparse(node))


def _generic(name: str, parts: list[ast.expr]) -> str:
    match name:
        case "list":
            return f"list of {type_words(parts[0])}"
        case "dict":
            return f"object, {type_words(parts[0])} → {type_words(parts[1])}"
        case "Literal":
            return " or ".join(f"`{ast.literal_eval(part)!s}`" for part in parts)
        case "Annotated":
            return type_words(parts[0]) + "".join(_constraint(part) for part in parts[1:])
    raise NotImplementedError(name)


def _constraint(node: ast.expr) -> str:
    """`StringConstraints(…)`, `Field(…)` or a validator, in words."""
    assert isinstance(node, ast.Call)
    given = {word.arg: _value(word.value) for word in node.keywords}
    if "pattern" in given:
        pattern = given["pattern"].replace("|", "\\|")
        return f", `{pattern}`"
    if "min_length" in given:
        return f", {given['min_length']} to {given['max_length']} characters"
    if "max_length" in given:
        return f", at most {given['max_length']} entries"
    if "ge" in given:
        return f", {given['ge']} to {given['le']}"
    if ast.unparse(node) == "AfterValidator(_without_control_characters)":
        return ", no control characters but newline and tab"
    raise NotImplementedError(ast.unparse(node))


def _value(node: ast.expr) -> Any:
    """What a constraint is given: a literal, a constant of the module, or arithmetic with them."""
    return eval(compile(ast.Expression(node), "<annotation>", "eval"), vars(protocol) | vars(models))


def _presence(model: type[BaseModel], name: str, from_client: bool) -> str:
    default = model.model_fields[name].get_default(call_default_factory=True)
    if default is None:
        return "optional"
    if not from_client:
        return ""
    if default is PydanticUndefined:
        return "**required**"
    return "optional" if default in ({}, [], "") else f"default `{default}`"


def _anchor(name: str) -> str:
    return name.lower() if name in SMALL_TYPES else f"record-{name.lower()}"
