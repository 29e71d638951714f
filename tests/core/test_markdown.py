"""Markdown becomes safe HTML, whatever is written; plain text stays plain."""

import re
from html import escape, unescape
from html.parser import HTMLParser
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hubbub.core.markdown import HIGHLIGHT_CLASSES, HIGHLIGHT_MAX_CHARS, HIGHLIGHT_PREFIX, MAX_NESTING, render

MAX_CHARS = 8000
REL = "noopener noreferrer nofollow"


class Wall(HTMLParser):
    """Collects everything in some HTML that a message must never contain. Knows nothing of how it was made."""

    ALLOWED: ClassVar[dict[str, set[str]]] = {
        **{tag: set() for tag in "p br strong em s pre blockquote ul li".split()},
        "ol": {"start"},
        "code": {"class"},
        "span": {"class"},
        "a": {"href", "target", "rel"},
    }

    def __init__(self, html: str) -> None:
        super().__init__()
        self.breaches: list[str] = []
        self.text = ""
        self.depth = self.deepest = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag not in self.ALLOWED:
            self.breaches.append(f"<{tag}>")
        elif not attributes.keys() <= self.ALLOWED[tag]:
            self.breaches.append(f"<{tag} {attributes}>")
        scheme = re.match(r"[\s\x00-\x20]*([a-z][a-z0-9+.\-\s]*):", unescape(attributes.get("href", "")), re.I)
        if scheme and scheme[1].lower() not in ("http", "https", "mailto"):
            self.breaches.append(attributes["href"])
        if tag == "a" and (attributes.get("rel"), attributes.get("target")) != (REL, "_blank"):
            self.breaches.append(f"{attributes}")
        if tag != "br":
            self.depth += 1
            self.deepest = max(self.deepest, self.depth)

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_comment(self, data: str) -> None:
        self.breaches.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.breaches.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.breaches.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.breaches.append(f"<![{data}]>")

    def handle_data(self, data: str) -> None:
        self.text += data


def breaches(text: str) -> list[str]:
    return Wall(render(text) or "").breaches


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
def test_a_link_opens_elsewhere_and_tells_nothing_of_where_it_stood(text: str, href: str, shown: str) -> None:
    link = re.search(r"<a ([^>]*)>([^<]*)</a>", render(text) or "")
    assert link
    attributes = dict(re.findall(r'(\w+)="([^"]*)"', unescape(link[1])))
    assert attributes == {"href": href, "target": "_blank", "rel": REL}
    assert unescape(link[2]) == shown


@pytest.mark.parametrize("text", ["example.org", "ann@example.org", "127.0.0.1", "file.py", "https:// no", "a://b"])
def test_what_only_looks_like_a_link_is_none(text: str) -> None:
    assert "href" not in (render(text) or "")


def test_an_image_is_a_link() -> None:
    html = render("![alt](https://example.org/a.png)") or ""
    assert "<img" not in html
    assert 'href="https://example.org/a.png"' in html


# Attacks -----------------------------------------------------------------------------------------------------

VECTORS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<form action=javascript:alert(1)><button>x",
    "<style>@import '//evil.example'</style>",
    "<base href=//evil.example>",
    "<!--<img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml <script>alert(1)</script>?>",
    "<!DOCTYPE html><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#x6A&#x61&#x76&#x61script:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](&#x01;javascript:alert(1))",
    "[x](%6Aavascript:alert(1))",
    "[x](javascript://example.org/%0Aalert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[x](file:///etc/passwd)",
    "![x](javascript:alert(1))",
    '![x](x" onerror="alert(1))',
    '![x" onerror="alert(1)](https://example.org)',
    '[x](https://example.org "onmouseover=alert(1)")',
    "[x](https://example.org '\" onmouseover=alert(1) ')",
    '[x](<https://example.org" onmouseover=alert(1) ">)',
    '[x" onclick="alert(1)](https://example.org)',
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    '<https://example.org/"onmouseover=alert(1)>',
    "<https://example.org/?<script>alert(1)</script>>",
    'https://example.org/"onmouseover="alert(1)',
    "https://example.org/<script>alert(1)</script>",
    "https://example.org/'onmouseover='alert(1)",
    "https://example.org/&quot;onmouseover=&quot;alert(1)",
    'www.example.org/"onmouseover="alert(1)',
    'www.example.org"><script>alert(1)</script>',
    "javascript://example.org/%0Aalert(1)",
    "javascript:www.example.org",
    "[https://example.org](javascript:alert(1))",
    "[a](https://example.org)](javascript:alert(1))",
    "[[x](https://a.example)](javascript:alert(1))",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "`<script>alert(1)</script>`",
    "``` html\n<script>alert(1)</script>\n```",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "```js\n</code></pre><img src=x onerror=alert(1)>\n```",
    '```x" onclick=alert(1) y="\ncode\n```',
    "```html onmouseover=alert(1)\n<b>\n```",
    "~~~<script>\ncode\n~~~",
    "&lt;script&gt;alert(1)&lt;/script&gt; *x*",
    "&#60;img src=x onerror=alert(1)&#62; *x*",
    "\\<script>alert(1)\\</script> *x*",
    "*<b*>bold</b>",
    "**<img src=x **onerror=alert(1)>**",
    "<b onmouseover=*alert(1)*>x</b>",
    "\u2028<script>alert(1)</script>",
    "\ufeff[x](\ufeffjavascript:alert(1))",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "＜script＞alert(1)＜/script＞",
]
AROUND = [
    "{}",
    "*{}*",
    "**~~{}~~**",
    "> {}",
    "- {}",
    "1. a\n   > - {}",
    "[{}](https://example.org)",
    "`{}",
    "{} `",
    "> ```\n> {}",
]


@pytest.mark.parametrize("text", VECTORS, ids=range(len(VECTORS)))
def test_an_attack_gets_through_nowhere(text: str) -> None:
    for around in AROUND:
        assert breaches(around.format(text)) == [], around
    assert breaches(f"{text}\n\n{text} *x* {text}") == []


def test_the_wall_would_notice() -> None:
    naive = MarkdownIt("commonmark", {"html": True})
    naive.validateLink = lambda url: True  # type: ignore[method-assign]
    noticed = [text for text in VECTORS if Wall(naive.render(text)).breaches]
    assert len(noticed) > 0.6 * len(VECTORS)
    assert Wall('<a href="https://example.org">').breaches
    assert Wall('<p><a href=" java\nscript:x" rel="noopener noreferrer nofollow" target="_blank">').breaches
    assert Wall(render("*x* https://example.org `c`") or "").breaches == []


pieces = st.sampled_from(
    [
        *"*_`~[]()<>!&#|\\\"'\n -+=:/.@x1",
        "javascript:",
        "https://",
        "www.a.b",
        "data:",
        "<script>",
        "</",
        "&#",
        "onload=",
    ]
)


@given(st.lists(pieces, max_size=60).map("".join))
def test_no_mixture_of_marks_gets_through(text: str) -> None:
    assert breaches(text) == []


@given(st.text())
def test_no_text_gets_through(text: str) -> None:
    assert breaches(text) == []
    assert breaches(f"*x* {text} `x`") == []


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=200))
def test_code_is_shown_to_the_letter(code: str) -> None:
    html = render(f"`````\n{code}\n`````")
    if "`````" not in code and "\n".join(code.splitlines()) == code:
        assert html == f"<pre><code>{escape(code, quote=False)}\n</code></pre>".replace("\xa0", "&nbsp;")


# Code --------------------------------------------------------------------------------------------------------


def test_code_in_a_known_language_is_coloured() -> None:
    html = render("```python\ndef f(): return '<b>'  # no\n```") or ""
    assert html.startswith('<pre><code class="language-python"><span class="tok-k">def</span>')
    assert "'&lt;b&gt;'" in html
    assert Wall(html).text == "def f(): return '<b>'  # no\n"


@pytest.mark.parametrize("language", ["no-such-language", "", '"><script>', "python3000", "x" * 500])
def test_code_in_an_unknown_language_is_not(language: str) -> None:
    html = render(f"```{language}\nif a < b: pass\n```") or ""
    assert "if a &lt; b: pass\n</code></pre>" in html
    assert "<span" not in html


def test_code_that_is_too_long_to_be_coloured_is_not() -> None:
    assert "<span" in (render("```python\n" + "x = 1\n" * 100 + "```") or "")
    assert "<span" not in (render("```python\n" + "x = 1\n" * (HIGHLIGHT_MAX_CHARS // 6 + 1) + "```") or "")


def test_the_kinds_of_tokens_that_the_page_colours_are_those_that_come() -> None:
    html = render("```python\n@a\nclass A:\n    def f(self): return len('x') + 1  # no\n```") or ""
    classes = set(re.findall(rf'class="({HIGHLIGHT_PREFIX}\w+)"', html))
    assert len(classes) >= 6
    assert {name for name in classes if name.startswith(HIGHLIGHT_CLASSES)} == classes


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
def test_the_longest_message_of_any_mark_stays_within_bounds(part: str) -> None:
    text = (part * MAX_CHARS)[:MAX_CHARS]
    html = render(text) or ""
    assert len(html) < 20 * MAX_CHARS
    assert Wall(html).breaches == []


def test_the_longest_code_of_single_tokens_stays_within_bounds() -> None:
    html = render("```js\n" + "+ " * (MAX_CHARS // 2 - 6) + "\n```") or ""
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
def test_nesting_has_an_end(text: str) -> None:
    """One level of nesting in markdown is at most two elements, and paragraphs or code stand within."""
    assert Wall(render("> - > a") or "").deepest == 5
    assert Wall(render(text) or "").deepest <= 2 * MAX_NESTING + 2
