"""What somebody might try, and what Hubbub does about it: the rows of docs/security.md. Their numbers stand in the
names of the tests that try them."""

from typing import NamedTuple


class Threat(NamedTuple):
    attack: str
    answer: str
    tested: bool = True
    """False: no test tries it, because it does not apply or cannot be tried here; `answer` says why."""


SECTIONS: dict[str, dict[int, Threat]] = {
    "Coming in": {
        1: Threat(
            "A page of another site opens a socket with the visitor's cookie.",
            "The origin must be this server's own or a listed one, letter for letter; otherwise 403 before a socket.",
        ),
        2: Threat(
            "A program without an origin uses a cookie.",
            "A cookie counts on a socket only with our own origin. Programs show a token.",
        ),
        3: Threat(
            "Tokens are read out of addresses and logs.",
            "A session's token is never part of an address, and no log has it. Links with a code work once, and the "
            "log shows the path without the code.",
        ),
        4: Threat(
            "Sockets that say nothing.",
            "The first frame must come within `hello_timeout_s`; connections are counted by address.",
        ),
        5: Threat(
            "A session that somebody else knew before one signed in.",
            "Signing in or up, another password and another role give a new session; the old one is dead.",
        ),
        6: Threat(
            "The cookie is stolen by a script or over http.",
            "HttpOnly, SameSite, and over https `__Host-` and Secure. No token is in localStorage.",
        ),
        7: Threat(
            "A page of another site sends a form or a request.",
            "Changes need our own origin, and the API reads JSON alone. GET changes nothing.",
        ),
        8: Threat(
            "A session has ended and its sockets go on.",
            "They are closed at once, with 4401 or 4403.",
        ),
        9: Threat(
            "Passwords are guessed.",
            "Five tries for an account in five minutes, twenty for an address, then ever longer waits. Who is signed "
            "in stays so.",
        ),
        10: Threat(
            "Finding out who has an account.",
            "Signing in answers the same, after the same work, whether there is one or not; a reset, too.",
        ),
        11: Threat(
            "Measuring how much of a secret was right.",
            "Tokens are looked up by their hash; passwords go through argon2, also for accounts that do not exist.",
        ),
        12: Threat(
            "Many sign-ins keep the processor busy with hashing.",
            "Two threads hash, fifty wait, more are refused with 429. The chat has a thread of its own.",
        ),
        13: Threat(
            "A password that everybody knows, from the start.",
            "There is none: the first owner comes by a link that is printed at the start and works once.",
        ),
        14: Threat(
            "The database is read by somebody.",
            "Tokens have 256 random bits and are stored as hashes, passwords as argon2id.",
        ),
        15: Threat(
            "Forged signed tokens.",
            "There are no signed tokens: a session is a random number in the database.",
            tested=False,
        ),
        16: Threat(
            "A link to reset a password is used twice, or leads elsewhere.",
            "It works once, for one account, for an hour; it begins with the address in the settings, whatever a "
            "request says.",
        ),
        17: Threat(
            "A guest pretends to be somebody with an account.",
            "Guests have the rights in docs/permissions.md, and no name that looks like an account's.",
        ),
        18: Threat(
            "Coming back with somebody else's place in a room.",
            "A cursor gives nothing: rooms are those of the session's person.",
        ),
        19: Threat(
            "Accounts by the thousand.",
            "Who may sign up is a choice: everybody, the invited, the approved. Addresses have limits.",
        ),
        20: Threat(
            "Https is left for http.",
            "Over https, browsers are told to come by https for a year. The page names no address with http.",
        ),
    },
    "Rights": {
        21: Threat(
            "Trying the ids of rooms and messages.",
            "What one may not see is answered like what is not there, word for word.",
        ),
        22: Threat(
            "Private words by a side way: search, quotes, typing, who is here, files.",
            "The question itself is limited to rooms that one sees; nothing is filtered afterwards.",
        ),
        23: Threat(
            "A frame reaches more people than it should.",
            "Frames go to the connections that are in the room now, and hold nothing of one person alone.",
        ),
        24: Threat(
            "Going on to listen after one was removed.",
            "The leaving takes the connection out of the room before anything that follows it.",
        ),
        25: Threat(
            "Coming back to what one was removed from.",
            "A resume begins with the memberships of now.",
        ),
        26: Threat(
            "Old or guessed addresses of files.",
            "Ids have 128 random bits, each request is checked, nothing may be kept by a cache.",
        ),
        27: Threat(
            "Fields that only the server may set.",
            "A field that nobody knows is refused, in commands and in bodies.",
        ),
        28: Threat(
            "Values of another type, or too large.",
            "Types are strict; the answer is an error, and the connection lives.",
        ),
        29: Threat(
            "Words that a database understands.",
            "Statements have parameters; what is searched for is never part of one.",
        ),
        30: Threat(
            "Two changes at once, of which one takes the right for the other away.",
            "Rights are read in the transaction that makes the change; one writes at a time.",
        ),
        31: Threat(
            "Slipping past the moderators: by an edit, a name, another account.",
            "The rules for words hold for posts, edits, names and topics. What moderators do is in a log that nothing "
            "changes.",
        ),
        32: Threat("A bot's token used as a person's.", "There are no bots yet.", tested=False),
        33: Threat("Forged or repeated web hooks.", "There are no web hooks yet.", tested=False),
        34: Threat(
            "An export with more than one's own.",
            "It has what its person may read, and of messages only their own.",
        ),
    },
    "What people write": {
        35: Threat(
            "Script in a message, a name, a file's name, a topic.",
            "Texts are shown as text. Markdown makes a few harmless tags, a sanitiser looks once more, and one Trusted "
            "Types policy stands before the page.",
        ),
        36: Threat(
            "A script that got in all the same.",
            "The Content-Security-Policy of every response lets nothing inline and nothing foreign run.",
        ),
        37: Threat("The page in a frame of another.", "`frame-ancestors 'none'`."),
        38: Threat(
            "Markdown that takes for ever.",
            "Nesting and length are bounded; long texts are rendered in a thread.",
        ),
        39: Threat("Images that tell who has read.", "An image is a link; nothing is loaded from elsewhere."),
        40: Threat(
            "A linked page gets hold of ours.",
            "Links open without `opener` and without a referrer.",
        ),
        41: Threat(
            "Our address leads on to another site.",
            "Redirects lead to paths of ours that we made.",
        ),
        42: Threat(
            "Names that look like others.",
            "One alphabet in a word, nothing invisible, few accents; a name that looks like an account's is taken.",
        ),
        43: Threat(
            "A message that looks like one of the server.",
            "What happens in a room is an event with a look of its own, which no text has.",
        ),
        44: Threat("Calling everybody.", "There are no mentions that notify yet.", tested=False),
        45: Threat(
            "Reactions without end.",
            "Twenty kinds on a message, and the limits of a person.",
        ),
        46: Threat(
            "`__proto__` as a name, an emoji or a room.",
            "The page keeps what comes in maps, not in objects.",
        ),
        47: Threat("Formulas in an export.", "The export is JSON.", tested=False),
        48: Threat(
            "Lines forged in the log.",
            "Each record is one line, with control characters escaped, and no words of people.",
        ),
        49: Threat(
            "Headers forged by a name.",
            "Names of files are encoded (RFC 6266); line ends cannot be in a header.",
        ),
    },
    "Files and other machines": {
        50: Threat(
            "A file that runs in the browser.",
            "Pictures, sound and film are shown; everything else is downloaded. Each in a sandbox, none sniffed.",
        ),
        51: Threat("A picture that is also a script.", "Pictures are made anew from their pixels."),
        52: Threat(
            "A picture that is immense when unpacked.",
            "Its size is read first; a process of its own with little memory and time unpacks it.",
        ),
        53: Threat("Formats that nobody needs.", "PNG, JPEG, GIF and WebP alone are opened."),
        54: Threat("Archives that explode.", "Nothing is unpacked, and compressed requests are refused."),
        55: Threat("Names that lead out of the folder.", "A file lies under its hash; its name is only shown."),
        56: Threat("Forms of endless parts.", "Bytes and parts are counted while they come."),
        57: Threat("Ranges by the hundred.", "At most five, and an answer of one part each."),
        58: Threat("Filling the disk.", "Limits for a file, for a person's day, and for the whole server."),
        59: Threat(
            "Letting the server fetch from its own network.",
            "It fetches nothing, unless previews of links are turned on: then http and https on their own ports, from "
            "public addresses that are looked up once, also after each of three redirects.",
        ),
        60: Threat(
            "Pages that are endless or slow to read.",
            "3 s in all, 512 KiB, nothing unpacked, four at a time, each address once an hour.",
        ),
        61: Threat("Answers of web hooks without end.", "There are no web hooks yet.", tested=False),
        62: Threat(
            "Made-up addresses and hosts.",
            "`X-Forwarded-…` counts only from proxies that are named; limits use the address that they saw.",
        ),
        63: Threat(
            "Requests that two servers read differently.",
            "The parsers are httptools or h11, which refuse doubtful framing.",
        ),
        64: Threat(
            "Private answers in a cache.",
            "Pages and API say `no-store`; only files with a digest in their address are kept.",
        ),
        65: Threat("Code on the bus.", "The bus of one process carries values, not bytes.", tested=False),
        66: Threat(
            "Documentation, metrics and tracebacks for everybody.",
            "Metrics are for this machine or a token. There is no page of documentation. Answers have no traceback.",
        ),
    },
    "Floods": {
        67: Threat("A frame that claims to be immense.", "Refused at its header, with 1009; nothing is allocated."),
        68: Threat("A message that is too long, in one frame or in parts.", "1009 for either."),
        69: Threat("A message in a million empty parts.", "At most 64, then 1008."),
        70: Threat("A small frame that unpacks to a large one.", "Compression is not offered."),
        71: Threat("Pings from somebody who reads nothing.", "Pongs do not pile up; then the connection is cut."),
        72: Threat("Reading nothing, or a byte a second.", "Caught up from the log later, or cut; nobody waits."),
        73: Threat("Half a request, for ever.", "`request_timeout_s` for its head and for each part of its body."),
        74: Threat("Connections by the thousand.", "`connections_max`, a number for each address, and 503 beyond."),
        75: Threat("Joining, leaving, reading, typing without end.", "Each costs from the same allowance of a person."),
        76: Threat("Rooms and guests by the thousand.", "They cost more of the allowance; guests have one by address."),
        77: Threat("Searches as a weapon.", "Two at a time; each reads a bounded number of texts."),
        78: Threat("Deep, huge or odd JSON.", "Refused with an error; the connection lives."),
        79: Threat("Many tabs, many guests.", "Limits are a person's and an address's, not a connection's."),
        80: Threat("Bytes that are no text.", "1007, and no traceback."),
    },
}
