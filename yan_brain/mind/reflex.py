"""The always-awake stop: a few exact words that need no thought.

The core understands "stop" as well; this path only makes sure that it never has to be waited
for, and that no mistake of the core can undo it. Nothing but stopping is decided here.
"""
from __future__ import annotations

import unicodedata

STOP_WORDS = frozenset({
    'stop', 'halt', 'freeze', 'stop now', 'stop it', 'stop moving', 'stop please', 'please stop',
    'stop right there', 'stop right now', 'stop robot', 'robot stop', 'hey stop', 'no stop',
    'emergency stop', 'do not move', "don't move",
    '停', '停下', '停下来', '停止', '停住', '站住', '别动', '不要动', '不许动', '快停', '快停下',
    '快停下来', '马上停下', '立刻停下', '请停下', '请停下来', '请停止', '急停', '紧急停止',
    '停车', '停一下', '停一停', '停吧',
})


def is_stop(text: str) -> bool:
    """True when `text` is nothing but a word for stopping, said once or several times."""
    kept = (' ' if unicodedata.category(c)[0] in 'PZC' and c not in "'’" else c
            for c in unicodedata.normalize('NFKC', text).casefold())
    words = ''.join(kept).replace('’', "'").split()
    plain = ' '.join(words)
    return plain in STOP_WORDS or (bool(words) and all(word in STOP_WORDS for word in words)) \
        or (bool(plain) and not plain.replace('停', '').replace(' ', ''))
