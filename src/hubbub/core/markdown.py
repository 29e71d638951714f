"""From a message's text to safe HTML: markdown without raw HTML, then an allow-list as a second wall."""

import re
from functools import cache
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_NESTING = 20
HIGHLIGHT_MAX_CHARS = 10_000
HIGHLIGHT_PREFIX = "tok-"

TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "span"}
ATTRIBUTES: dict[str, set[str]] = {
    **{"a": {"href", "target"}, "span": {"class"}, "code": {"class"}, "ol": {"start"}},
    "*": set(),  # nh3 would allow title and lang everywhere
}
SCHEMES = {"http", "https", "mailto"}
REL = "noopener noreferrer nofollow"

HIGHLIGHT_CLASSES = tuple(
    HIGHLIGHT_PREFIX + name
    for name in ("c", "k", "kc", "n", "nb", "nc", "nf", "nt", "na", "m", "s", "o", "p", "gd", "gi")
)
"""Kinds of tokens in highlighted code, each by its beginning (`tok-c` stands for `tok-c1`, `tok-cm` … too): comment,
keyword, constant, name, built-in, class, function, tag, attribute, number, string, operator, punctuation, removed,
added."""

_MAY_BE_MARKED_UP = re.compile(r"[*_`~>\[\]\\|&@]|://|www\.|^\s{0,3}(?:[-+]|\d+[.)])\s", re.MULTILINE | re.IGNORECASE)
"""Without any of these there is nothing for markdown or a link finder to do. A dot between letters may be a link,
but only with a scheme or www. in front: "e.g." and "file.py" are not."""


def render(text: str) -> str | None:
    """Safe HTML, or None when the text can be shown as it is (escaped, with line breaks kept)."""
    if not _MAY_BE_MARKED_UP.search(text):
        return None
    html = nh3.clean(
        _parser().render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=REL,
        clean_content_tags={"script", "style"},
    ).strip()
    return None if html == f"<p>{escape(text, quote=False)}</p>" else html


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt(
        "commonmark",
        {
            "html": False,
            "linkify": True,
            "breaks": True,
            "maxNesting": MAX_NESTING,
            "highlight": _highlight,
        },
    )
    parser.enable(["linkify", "strikethrough"])
    parser.disable(["image", "heading", "lheading", "hr", "code", "reference", "html_block", "html_inline"])
    assert parser.linkify is not None
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    parser.linkify.add("www.", {"validate": _rest_of_www})
    parser.add_render_rule("link_open", _link_open)
    return parser


def _rest_of_www(linkify: Any, text: str, position: int) -> int:
    """How much of the text after "www." belongs to the address."""
    found = _WWW.match(text, position)
    return len(found[0].rstrip(".,:;!?")) if found else 0


_WWW = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:/[^\s<>()\[\]\"']*)?", re.IGNORECASE)


def _link_open(renderer: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    href = str(token.attrGet("href") or "")
    if href.lower().startswith("www."):
        token.attrSet("href", f"https://{href}")
    token.attrSet("target", "_blank")
    return str(renderer.renderToken(tokens, index, options, env))


def _highlight(code: str, language: str, _attributes: str) -> str:
    """Spans for the tokens of a known language; otherwise the escaped code."""
    if not language or len(code) > HIGHLIGHT_MAX_CHARS:
        return escape(code)
    from pygments import highlight  # only when code in a language is posted
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language.split()[0], stripnl=False)
    except ClassNotFound:
        return escape(code)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix=HIGHLIGHT_PREFIX)))
