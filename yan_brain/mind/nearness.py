"""Whether somebody asks the robot to come to them: "come here", "过来".

Nobody's place is known to the robot: it sees no people. So these words are no order to move, nor
one to stop; they are answered. A rule, for these sentences are few and the core was not trained
on them.
"""
from __future__ import annotations

import re
import unicodedata

_POLITE = (r'(?:(?:please|hey|hi|hello|ok|okay|now|robot|yan|just|can|could|would|will|you|i|want'
           r'|need|to|kindly|so|well|right|over|back|on)\s+)*')
_TO = r'(?:to\s+me|to\s+us|to\s+where\s+i\s+am|towards?\s+me|near\s+me|by\s+me|next\s+to\s+me)'
_HERE = r'(?:(?:right\s+)?(?:over\s+|back\s+)?here|over|nearer|closer\s+to\s+me)'
_ENGLISH = re.compile(
    rf'{_POLITE}(?:come|get|drive|go|move|walk|roll|return|head)(?:\s+(?:on|back|over|right|closer'
    rf'|nearer|up|straight))*\s+(?:{_TO}|{_HERE}(?:\s+{_TO})?)'
    r'(?:\s+(?:now|please|robot|yan|quickly|for\s+a\s+(?:moment|second)|thanks|thank|you|right))*')
# "go to me" names a person, as "follow me" does: that is the core's to understand.
_NOT = re.compile(rf'{_POLITE}(?:go|move|drive|get|walk|roll|head|return)\s+(?:to|over$|back\s+to)'
                  r'|.*\bmove\s+over\b|.*\b(?:go|get|drive|head|walk|roll)\s+over\b$')
_CHINESE = re.compile(
    r'(?:喂|嘿|嗨|你好|机器人|小言|请|麻烦|快点?|赶紧|你|能|可以|现在|给我|马上|再|就|来)*'
    r'(?:过来(?:我?这[里儿边])?|来(?:我)?这[里儿边]|(?:走|开|回|靠)?(?:到|往|向|朝)?我?(?:这[里儿边]|身边|旁边|跟前|面前)来'
    r'|来我(?:这[里儿边]?|身边|旁边|跟前|面前)|(?:走|开|回|靠)过来|回来(?:我?这[里儿边])?)'
    r'(?:一下|一趟|吧|呀|啊|好吗|吗|行吗|可以吗|好不好|谢谢|快点?)*')


def asks_to_come(text: str) -> bool:
    """True when `text` is nothing but a wish that the robot come to the one who speaks.

    >>> asks_to_come('Come here, please!'), asks_to_come('come closer by two metres')
    (True, False)
    """
    kept = (' ' if unicodedata.category(c)[0] in 'PZC' else c
            for c in unicodedata.normalize('NFKC', text).casefold())
    plain = ' '.join(''.join(kept).split())
    if _CHINESE.fullmatch(plain.replace(' ', '')) is not None:
        return True
    return _ENGLISH.fullmatch(plain) is not None and _NOT.match(plain) is None
