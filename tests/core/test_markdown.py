"""Markdown becomes safe HTML, whatever is written; plain text stays plain."""

import re
from html import unescape

import pytest

from hubbub.core.markdown import HIGHLIGHT_MAX_CHARS, LANGUAGES, MAX_NESTING, render
from hubbub.web.assets import FOLDER
from tests.core.wall import REL, Wall

MAX_CHARS = 8000


# What is not markdown ----------------------------------------------------------------------------------------

PLAIN = [
    "hello",
    "two\nlines\n\nand more",
    "2 * 3 = 6",
    "snake_case_name and _one",
    "C:\\temp\\new",
    "e.g. file.py and example.org",
    "a < b && c > d",
    "<b>not bold</b>",
    "# no heading",
    "    no code",
    "---",
    "| a | b |",
    "ann@example.org",
    "-5 degrees, 3.5 hours, 1)",
    "👍",
    "a tilde ~ and a quote '\"",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_needs_no_html(text: str) -> None:
    assert render(text) is None


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*em* **strong** ~~gone~~", "<p><em>em</em> <strong>strong</strong> <s>gone</s></p>"),
        ("one\n*two*", "<p>one<br>\n<em>two</em></p>"),
        ("`a < b`", "<p><code>a &lt; b</code></p>"),
        ("> said\n\nanswered", "<blockquote>\n<p>said</p>\n</blockquote>\n<p>answered</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("7. a", '<ol start="7">\n<li>a</li>\n</ol>'),
        ("```\na\n\n  b\n```", "<pre><code>a\n\n  b\n</code></pre>"),
        ("\\*not em\\*", "<p>*not em*</p>"),
        ("# *em*", "<p># <em>em</em></p>"),
        ("*a* <b>b</b>", "<p><em>a</em> &lt;b&gt;b&lt;/b&gt;</p>"),
    ],
)
def test_markdown_becomes_html(text: str, html: str) -> None:
    assert render(text) == html


# Links -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "href", "shown"),
    [
        ("https://example.org", "https://example.org", "https://example.org"),
        ("see http://example.org/a?b=1&c=2#d.", "http://example.org/a?b=1&c=2#d", "http://example.org/a?b=1&c=2#d"),
        ("(https://example.org/a_(b))", "https://example.org/a_(b)", "https://example.org/a_(b)"),
        ("HTTPS://Example.ORG/A", "HTTPS://Example.ORG/A", "HTTPS://Example.ORG/A"),
        ("www.example.org/path.", "https://www.example.org/path", "www.example.org/path"),
        ("<https://example.org>", "https://example.org", "https://example.org"),
        ("[words](https://example.org)", "https://example.org", "words"),
        ("[mail](mailto:ann@example.org)", "mailto:ann@example.org", "mail"),
        ("[room](/r/lobby/5)", "/r/lobby/5", "room"),
        ("[quoted](https://example.org 'a title')", "https://example.org", "quoted"),
    ],
)
def test_40_a_link_opens_elsewhere_and_tells_nothing_of_where_it_stood(text: str, href: str, shown: str) -> None:
    link = re.search(r"<a ([^>]*)>([^<]*)</a>", render(text) or "")
    assert link
    attributes = dict(re.findall(r'(\w+)="([^"]*)"', unescape(link[1])))
    assert attributes == {"href": href, "target": "_blank", "rel": REL}
    assert unescape(link[2]) == shown


@pytest.mark.parametrize("text", ["example.org", "ann@example.org", "127.0.0.1", "file.py", "https:// no", "a://b"])
def test_what_only_looks_like_a_link_is_none(text: str) -> None:
    assert "href" not in (render(text) or "")


@pytest.mark.parametrize(
    "text",
    ["www.a.b://", "www.a.bhttps://", "www.a.b+c://d", "www.a.bhttps://c.d", "abcdefgh[http://p://", "x[http://p://"],
)
def test_an_address_that_ends_where_the_parser_stands_is_no_error(text: str) -> None:
    assert Wall(render(f"`x` {text}") or "").text == f"x {text}"


def test_39_an_image_is_a_link() -> None:
    html = render("![alt](https://example.org/a.png)") or ""
    assert "<img" not in html
    assert 'href="https://example.org/a.png"' in html


# Code --------------------------------------------------------------------------------------------------------


def test_code_in_a_known_language_is_coloured() -> None:
    html = render("```python\ndef f(): return '<b>'  # no\n```") or ""
    assert html.startswith('<pre><code class="language-python"><span class="tok-k">def</span>')
    assert "'&lt;b&gt;'" in html
    assert Wall(html).text == "def f(): return '<b>'  # no\n"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_on_the_list_is_one(language: str) -> None:
    code = "$ ls" if language in ("console", "pycon") else "x = 1 # <b> {a: 'b'} // c -- d"
    html = render(f"```{language}\n{code}\n```") or ""
    assert Wall(html).breaches == []
    assert Wall(html).text == f"{code}\n"
    assert render(f"```{language.upper()} more words\n{code}\n```")


@pytest.mark.parametrize("language", ["no-such-language", "gherkin", "", '"><script>', "python3000", "x" * 500])
def test_code_in_another_language_is_not(language: str) -> None:
    html = render(f"```{language}\nif a < b: pass\n```") or ""
    assert "if a &lt; b: pass\n</code></pre>" in html
    assert "<span" not in html


def test_code_that_is_too_long_to_be_coloured_is_not() -> None:
    assert "<span" in (render("```python\n" + "x = 1\n" * 100 + "```") or "")
    assert "<span" not in (render("```python\n" + "x = 1\n" * (HIGHLIGHT_MAX_CHARS // 6 + 1) + "```") or "")


def test_the_page_has_a_colour_for_the_kinds_of_tokens_that_matter() -> None:
    style = (FOLDER / "styles" / "page.css").read_text("utf-8")
    exact, beginnings = re.findall(r"\.(tok-\w+)", style), re.findall(r'\[class\^="(tok-\w+)"\]', style)
    html = render("```python\nclass A:\n    def f(self): return len('x') + 1  # no\n```") or ""
    kinds = {word: kind for kind, word in re.findall(r'<span class="(tok-\w+)">([^<]+)</span>', html)}
    for word in ("class", "A", "f", "return", "len", "'x'", "1", "# no"):
        assert kinds[word] in exact or kinds[word].startswith(tuple(beginnings)), word


# Sizes -------------------------------------------------------------------------------------------------------

SPECIAL = [
    *"*_`~>[]()!#|&<\\\"'@:.-+=\n{}$^/ ",
    *[
        "[](",
        "![",
        "[a](",
        "[[]",
        "][",
        "](",
        "*a ",
        "**a ",
        "*a*",
        "*_",
        "**_",
        "_*",
        "***a",
        "~~",
        "~~a~~ ",
        "`a",
        "``a`",
    ],
    *[
        "`a`",
        "> ",
        "- ",
        "1. ",
        "> - ",
        "  - a\n",
        "-\n",
        "*\n",
        "\n\n",
        "a\n",
        "```\n",
        "```js\n+ +\n```\n",
        "<a",
        "<!--",
    ],
    *[
        "&#",
        "&amp;",
        "&copy;",
        "\\*",
        "http://",
        "://",
        "a://b ",
        "http://a.b ",
        "http://a.b/(",
        "www.",
        "www.a.b ",
        "@a",
    ],
    *["a@b.c ", "<http://a>", "[a]: b\n", "[a][b]", "_a_b"],
]


@pytest.mark.parametrize("part", SPECIAL, ids=ascii)
def test_38_the_longest_message_of_any_mark_stays_within_bounds(part: str) -> None:
    text = (part * MAX_CHARS)[:MAX_CHARS]
    html = render(text) or ""
    assert len(html) < 20 * MAX_CHARS
    assert Wall(html).breaches == []


def test_the_longest_code_of_single_tokens_stays_within_bounds() -> None:
    block = "```js\n" + "+ " * (HIGHLIGHT_MAX_CHARS // 2 - 10) + "\n```\n"
    html = render(block * (MAX_CHARS // len(block))) or ""
    assert len(html) > 10 * MAX_CHARS
    assert len(html) < 40 * MAX_CHARS


@pytest.mark.parametrize(
    "text",
    [
        *[">" * 4000, "> " * 4000, "- " * 4000, "1. " * 2500, "> - 1. " * 1000, "*" * 4000 + "a" + "*" * 4000],
        *[
            "*_" * 2000 + "a" + "_*" * 2000,
            "[" * 4000 + "a" + "](https://b)" * 300,
            "".join("  " * n + "- a\n" for n in range(85)),
        ],
        "~~*__" * 1000 + "a" + "__*~~" * 600,
    ],
    ids=range(10),
)
def test_38_nesting_has_an_end(text: str) -> None:
    """One level of nesting in markdown is at most two elements, and paragraphs or code stand within."""
    assert Wall(render("> - > a") or "").deepest == 5
    assert Wall(render(text) or "").deepest <= 2 * MAX_NESTING + 2
