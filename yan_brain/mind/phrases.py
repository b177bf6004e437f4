"""Sentences whose meaning is plain without a thought, and that no mind was trained on."""
from __future__ import annotations

import re
from collections.abc import Collection

from yan_brain.mind.clauses import plain

_A = r'(?:(?:the|my|our|your)\s+)?'
_GO = (r'(?:go|drive|move|return|head|walk|run|get|travel|come|roll)(?:\s+(?:back|straight|over))*'
       rf'(?:\s+(?:to|into|in|towards?))?\s+{_A}(?:place\s+called\s+)?')
_GO_ZH = (r'(?:你|快|马上)*(?:走|开|跑|移动|前往|回|去)*(?:到|去|回|进)(?:我们?的?)?',
          r'(?:那里|那儿|那边)?(?:去|里去?|来)?')
_WHERE = re.compile(r'where\s+(?:are\s+(?:you|we)|am\s+i)(?:\s+now)?'
                    r'|(?:what|which)\s+(?:place|room)\s+is\s+this|what\s+is\s+this\s+place(?:\s+called)?'
                    r'|(?:你|我们|我|咱们)(?:现在)?在(?:哪里?|哪儿|什么地方)'
                    r'|(?:这里|这儿|这)是(?:哪里?|哪儿|什么地方)')

_WHO = re.compile(r"who\s+(?:am\s+i|is\s+(?:this|speaking|talking))|what(?:\s+is|'s|s)\s+my\s+name"
                  r'|do\s+you\s+(?:know|recogni[sz]e)\s+(?:me|my\s+voice|who\s+i\s+am)'
                  r'|我是谁|我叫什么(?:名字)?|(?:你)?(?:认识我|知道我是谁|听得出我是谁)吗?'
                  r'|我的名字(?:是|叫)什么')

_FORGET = re.compile(r"forget(?:\s+about)?\s+(?:(?:the|an?|my|our|your)\s+)?(.+?)(?:'s\s+voice)?"
                     r'|(?:忘掉|忘记|忘了)(.+?)(?:的(?:声音|嗓音))?')


def forgotten(text: str) -> str:
    """What is to be forgotten, where a whole sentence asks for that; '' otherwise.

    >>> forgotten('Forget Anna, please.'), forgotten('忘掉安娜的声音'), forgotten('forget it')
    ('anna', '安娜', 'it')
    """
    found = _FORGET.fullmatch(plain(text))
    return next(filter(None, found.groups()), '') if found is not None else ''


def destination(text: str, places: Collection[str]) -> str:
    """The place, of those that are known, that exactly these words send the robot to; '': none.

    >>> destination('Please go back to the living room.', {'living room', 'home'})
    'living room'
    >>> destination('go home', {'home'}), destination('回家', {'家'}), destination('回家', set())
    ('home', '家', '')
    """
    words = plain(text)
    ahead, behind = _GO_ZH
    return next((name for name in sorted(places, key=len, reverse=True) if re.fullmatch(
        _GO + re.escape(name) if name.isascii() else ahead + re.escape(name) + behind, words)), '')


def asks_where(text: str) -> bool:
    """Whether it is asked where the robot is.

    >>> asks_where('Where are you?'), asks_where('你在哪里？'), asks_where('where is the ball')
    (True, True, False)
    """
    return _WHERE.fullmatch(_bare(text)) is not None


def asks_who(text: str) -> bool:
    """Whether it is asked who is speaking.

    >>> asks_who('Who am I?'), asks_who('我是谁？'), asks_who('who is that')
    (True, True, False)
    """
    return _WHO.fullmatch(_bare(text)) is not None


def _bare(text: str) -> str:
    """Words without punctuation, politeness kept: "you" may matter."""
    return ' '.join(re.sub(r"[^\w\s']", ' ', text).casefold().split())
