"""Markdown with bad intentions: whatever is written, nothing but the few allowed elements comes out."""

from html import escape

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.linkify import linkify

from hubbub.core import markdown
from hubbub.core.markdown import render
from tests.core.wall import Wall


def breaches(text: str) -> list[str]:
    return Wall(render(text) or "").breaches


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
    "ftp://example.org/x",
    "[x](ssh://example.org)",
    "<intent:x>",
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
def test_35_an_attack_gets_through_nowhere(text: str) -> None:
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
    assume("`````" not in code and "\n".join(code.splitlines()) == code)
    html = render(f"`````\n{code}\n`````")
    assert html == f"<pre><code>{escape(code, quote=False)}\n</code></pre>".replace("\xa0", "&nbsp;")


@pytest.mark.parametrize("unit", ["://", "http:// ", "a://", "http://a.b/(", "http://[", "www.a.b://"])
def test_twice_the_text_is_twice_the_work_for_the_link_finder(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many characters it is given to look through, in all."""
    looked_through = 0

    def counted(state: StateInline, silent: bool) -> bool:
        nonlocal looked_through
        looked_through += len(state.pending) + len(state.src) - state.pos
        return linkify(state, silent)

    monkeypatch.setattr(markdown, "linkify", counted)
    work = []
    for length in (4_000, 8_000):
        looked_through = 0
        render((unit * length)[:length])
        work.append(looked_through)
    assert 0 < work[1] < 2.5 * work[0]


def test_an_address_is_a_link_however_long_it_is() -> None:
    for length in (markdown.ADDRESS_CHARS - 20, markdown.ADDRESS_CHARS, 5 * markdown.ADDRESS_CHARS):
        address = "https://example.org/" + "x" * length
        assert f'href="{address}"' in (render(f"see {address}, please") or "")
