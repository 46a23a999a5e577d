"""Finds the entities that Telegram's server marks by itself: commands, mentions, hashtags, cashtags, links, mail."""

from __future__ import annotations

import re

# Country codes and the generic top-level domains one meets; a bare name ending in anything else is no link.
# That "README.md" and "main.py" are links is true of Telegram too: md and py are countries.
TOP_LEVEL_DOMAINS = frozenset("""
ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg
ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh
gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr
kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf
ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm
sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf
ws ye yt za zm zw
com org net edu gov mil int info biz name pro app dev page web blog site online store shop tech cloud xyz top club
live news media email chat social wiki zip mov link click work world space website agency digital software systems
network host academy tools ninja guru run ton
""".split())

_COMMAND = re.compile(r"(?<![\w/<>])/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{3,32}))?(?![\w/<>@])")
_MENTION = re.compile(r"(?<![\w@/])@([A-Za-z0-9_]{4,32})(?!\w)")
_HASHTAG = re.compile(r"(?<![\w\u200c#])#([\w\u200c]{1,256})(?![\w\u200c]*#)")
_CASHTAG = re.compile(r"(?<![$\w])\$(1INCH|[A-Z]{1,8})(?![$\w])")
_EMAIL = re.compile(r"(?<![\w.+@/-])[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+([A-Za-z]{2,24})(?![\w@-])")
_URL = re.compile(r"(?<![\w@/.$-])(?:(https?|ftp|tonsite)://)?((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+([^\W\d_]{2,24})|"
                  r"\d{1,3}(?:\.\d{1,3}){3}|localhost)(?::\d{1,5})?(?:[/?#][^\s<>\"«»]*)?", re.IGNORECASE)
_TG_LINK = re.compile(r"(?<!\w)(?:tg|ton)://[^\s<>\"«»]+", re.IGNORECASE)


def find_entities(text: str) -> list[tuple[str, int, int]]:
    """Returns (type, begin, end) over code points, without overlaps, in order."""
    found: list[tuple[str, int, int]] = []
    found.extend(("url", match.start(), match.start() + len(_without_tail(match.group())))
                 for match in _TG_LINK.finditer(text))
    for match in _EMAIL.finditer(text):
        if match.group(1).lower() in TOP_LEVEL_DOMAINS:
            found.append(("email", match.start(), match.end()))
    for match in _URL.finditer(text):
        scheme, host, top = match.group(1), match.group(2), match.group(3)
        if scheme is None and (top is None or top.lower() not in TOP_LEVEL_DOMAINS):
            continue
        if scheme is None and host[:1].isdigit() and top is None:
            continue
        found.append(("url", match.start(), match.start() + len(_without_tail(match.group()))))
    for match in _COMMAND.finditer(text):
        found.append(("bot_command", match.start(), match.end()))
    for match in _MENTION.finditer(text):
        found.append(("mention", match.start(), match.end()))
    for match in _HASHTAG.finditer(text):
        if any(char.isalpha() for char in match.group(1)):
            found.append(("hashtag", match.start(), match.end()))
    for match in _CASHTAG.finditer(text):
        found.append(("cashtag", match.start(), match.end()))
    rank = {"email": 0, "url": 1}
    found.sort(key=lambda item: (item[1], rank.get(item[0], 2), -item[2]))
    kept: list[tuple[str, int, int]] = []
    for item in found:
        if not kept or item[1] >= kept[-1][2]:
            kept.append(item)
    return kept


def _without_tail(url: str) -> str:
    """Punctuation at the end belongs to the sentence, and so does a bracket that the link did not open."""
    while url:
        if url[-1] in ".,:;!?'*_~…\"":
            url = url[:-1]
        elif url[-1] in ")]}" and url.count(url[-1]) > url.count({")": "(", "]": "[", "}": "{"}[url[-1]]):
            url = url[:-1]
        else:
            break
    return url
