"""From a message's text to safe HTML: markdown without raw HTML, then an allow-list as a second wall."""

import re
from functools import cache
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.linkify import linkify
from markdown_it.token import Token

MAX_NESTING = 20
"""Blocks within blocks; beyond twice as many elements in all a text is shown as it is."""
HIGHLIGHT_MAX_CHARS = 2_000
LANGUAGES = set(
    "bash c c++ console cpp css diff docker dockerfile elixir go golang graphql haskell html http ini java javascript "
    "js json jsx kotlin lua makefile nginx perl php powershell ps1 py pycon pytb python python3 r rb rs ruby rust "
    "scala scss sh shell sql swift toml ts tsx typescript xml yaml yml zig".split()
)
"""Only these are coloured, and only up to that length: other lexers of Pygments need seconds for some texts (Gherkin:
10 s for 4,000 empty lines), in regular expressions during which nothing else of the program runs."""
HIGHLIGHT_PREFIX = "tok-"
SCHEME_CHARS = 20
"""More than a scheme has that becomes a link by itself."""
ADDRESS_CHARS = 500
"""Looked at first: hardly an address is longer."""

TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "span"}
ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "target"},
    "span": {"class"},
    "code": {"class"},
    "ol": {"start"},
    "*": set(),  # nh3 would allow title and lang everywhere
}
SCHEMES = {"http", "https", "mailto"}
REL = "noopener noreferrer nofollow"

_MARK = re.compile(r"[*_`~>\[\]\\|&@]")
_LIST_ITEM = re.compile(r"\n\s{0,3}(?:[-+]|\d+[.)])\s")


def render(text: str) -> str | None:
    """Safe HTML, or None when the text can be shown as it is (escaped, with line breaks kept)."""
    if not _may_be_marked_up(text):
        return None
    parser = _parser()
    tokens = parser.parse(text)
    if _deepest(tokens) > 2 * MAX_NESTING:
        return None  # thousands of asterisks, each opening an element within the one before
    html = nh3.clean(
        parser.renderer.render(tokens, parser.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=REL,
        clean_content_tags={"script", "style"},
    ).strip()
    return None if html == f"<p>{escape(text, quote=False)}</p>" else html


def _may_be_marked_up(text: str) -> bool:
    """Whether there may be anything for markdown or a link finder to do. A dot between letters may be a link, but only
    with a scheme or www. in front: "e.g." and "file.py" are not. Each look is fast: most messages are plain."""
    if _MARK.search(text) or "://" in text or "www." in text.lower():
        return True
    return bool(_LIST_ITEM.search("\n" + text))


def _deepest(tokens: list[Token]) -> int:
    """How many elements stand within each other."""
    level = deepest = 0
    for token in tokens:
        level += token.nesting
        deepest = max(deepest, level + (_deepest(token.children) if token.children else 0))
    return deepest


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
    parser.inline.ruler.at("linkify", _linkify)
    parser.add_render_rule("link_open", _link_open)
    return parser


def _rest_of_www(linkify: Any, text: str, position: int) -> int:
    """How much of the text after "www." belongs to the address."""
    found = _WWW.match(text, position)
    return len(found[0].rstrip(".,:;!?")) if found else 0


_WWW = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:/[^\s<>()\[\]\"']*)?", re.IGNORECASE)


def _linkify(state: StateInline, silent: bool) -> bool:
    """markdown-it's own rule, but only where it gets on: it may find an address that ends where it stands ("www.a.b://",
    "abcdefgh[http://p://"), and markdown-it raises an error at that. It looks for a scheme in all that stands before,
    and for the end of an address in all that follows: here only nearby, or many of them would take the square of the
    time."""
    pos, pending, text = state.pos, state.pending, state.src
    for nearby in (pos + ADDRESS_CHARS, len(text)):
        state.src, state.pending = text[:nearby], pending[-SCHEME_CHARS:]
        found = linkify(state, True)
        end, state.pos, state.pending = state.pos, pos, pending
        if end < nearby:
            break
    is_link = found and end > pos and linkify(state, silent)
    state.src = text
    return is_link


def _link_open(renderer: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    href = str(token.attrGet("href") or "")
    if href.lower().startswith("www."):
        token.attrSet("href", f"https://{href}")
    token.attrSet("target", "_blank")
    return str(renderer.renderToken(tokens, index, options, env))


def _highlight(code: str, language: str, _attributes: str) -> str:
    """Spans for the tokens of a language that is on the list; otherwise the escaped code."""
    name = language.lower().partition(" ")[0]
    if name not in LANGUAGES or len(code) > HIGHLIGHT_MAX_CHARS:
        return escape(code)
    from pygments import highlight  # only when code in a language is posted
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name(name, stripnl=False)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix=HIGHLIGHT_PREFIX)))
