"""Being asked to come to where the speaker is."""
from __future__ import annotations

import re

_COME = re.compile(
    r'(?:(?:please|robot|hey|now|then|just|can\s+you|could\s+you|will\s+you)\s+)*'
    r'(?:come|drive|move|get|roll)(?:\s+(?:back|over|right|straight|on))*'
    r'\s+(?:here|to\s+me|over\s+to\s+me)(?:\s+(?:now|please|robot|to\s+me))*'
    r'|(?:请|你|快|就|马上|赶紧|快点)*(?:过来|到(?:我)?(?:这里|这儿|这边|身边|跟前|面前)来?|来(?:我)?(?:这里|这儿|这边|身边))'
    r'(?:一下|吧)?', re.IGNORECASE)


def asks_to_come(text: str) -> bool:
    """Whether somebody who says this wants the robot to come to where he or she is.

    >>> asks_to_come('Come here, please!'), asks_to_come('过来'), asks_to_come('come to the ball')
    (True, True, False)
    """
    words = ' '.join(re.sub(r'[^\w\s\']', ' ', text).split())
    return _COME.fullmatch(words) is not None
