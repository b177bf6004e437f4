"""How instructions look when typed or heard: case, punctuation, typing errors, mishearings.

Text is kept in three pieces (before, argument, after) while it is changed, so the span of the
argument needs no search afterwards.
"""
from __future__ import annotations

import random
from typing import Final

Pieces = tuple[str, str, str]

# What offline speech recognisers tend to write for a word. A word of the list on the right
# must not be another name of ours.
SLIPS_EN: Final[dict[str, tuple[str, ...]]] = {
    'ball': ('bowl', 'bawl', 'boll', 'bal', 'fall'), 'box': ('bocks', 'books', 'fox'),
    'cone': ('comb', 'con', 'coan', 'phone', 'corn'), 'star': ('start', 'stars', 'stair'),
    'cylinder': ('cylinders', 'silinder', 'selinder'), 'bottle': ('bottles', 'battle', 'bodle'),
    'chair': ('share', 'cheer', 'chairs', 'hair'), 'ring': ('bring', 'wring', 'rang', 'king'),
    'cube': ('cubes', 'queue'), 'tube': ('tubes', 'two'), 'seat': ('seed', 'sit'),
    'red': ('read', 'bread', 'rad', 'wet'), 'blue': ('blew', 'bloom', 'glue'),
    'green': ('grin', 'greene', 'grain'), 'yellow': ('hello', 'yello', 'jello'),
    'purple': ('people', 'purpose', 'verbal'), 'orange': ('arrange', 'oranges'),
    'left': ('lift', 'laughed'), 'right': ('write', 'rite', 'light'),
    'forward': ('foreword', 'four words', 'forwards'), 'back': ('bag', 'beck'),
    'two': ('to', 'too'), 'four': ('for',), 'one': ('won',), 'eight': ('ate',),
    'metres': ('meters', 'meatus'), 'meters': ('metres', 'maters'), 'metre': ('meter',),
    'find': ('fine', 'fined'), 'face': ('phase', 'faith'), 'turn': ('tern', 'turned'),
    'follow': ('fellow', 'hollow'), 'stop': ('stopp', 'stopped', 'shop'), 'go': ('goal', 'no'),
    'forget': ('for get',), 'where': ('wear', 'were'), 'see': ('sea',), 'look': ('luck',),
    'this': ('the', 'these'), 'move': ('moved',), 'drive': ('dry', 'drove'),
    'rotate': ('rotated',), 'towards': ('to words', 'toward'), 'approach': ('a broach',),
    'halt': ('hault', 'hold'), 'the': ('a', 'de', ''), 'robot': ('robert', 'robots'),
}
SLIPS_ZH: Final[dict[str, tuple[str, ...]]] = {
    '球': ('求', '秋'), '红': ('洪', '宏'), '橙': ('成', '程'), '黄': ('皇', '王'),
    '绿': ('律', '率'),
    '蓝': ('兰', '篮', '南'), '紫': ('子', '姿'), '箱': ('像', '相'), '锥': ('追', '椎'),
    '圆': ('原', '元'),
    '柱': ('住', '注'), '瓶': ('平', '屏'), '椅': ('以', '倚'), '环': ('还', '换'),
    '星': ('新', '心'),
    '转': ('赚', '专'), '左': ('坐', '做'), '右': ('又', '有'), '前': ('钱',), '后': ('候', '厚'),
    '走': ('揍',), '找': ('照', '早'), '停': ('听', '庭'), '跟': ('根',), '追': ('锥', '堆'),
    '去': ('趣', '区'), '米': ('迷',), '度': ('渡', '肚'), '盒': ('和', '合'), '向': ('像', '象'),
    '退': ('推', '腿'), '到': ('道',), '在': ('再',), '的': ('得', '地'), '厘': ('里',),
}
TRADITIONAL: Final = str.maketrans(
    '红蓝绿黄圆锥转后进个这东边动听说见么认识记问开学里亚还环离头长机发现点两体对类随紧时间径张几车从过给',
    '紅藍綠黃圓錐轉後進個這東邊動聽說見麼認識記問開學裡亞還環離頭長機發現點兩體對類隨緊時間徑張幾車從過給')
_LETTERS: Final = 'abcdefghijklmnopqrstuvwxyz'
_HALF_WIDTH: Final = str.maketrans({'，': ',', '。': '.', '！': '!', '？': '?'})
_QUESTIONS: Final = ('where', 'what', 'can', 'do', 'could', 'would', 'will', 'is', 'have', 'which',
                     'who', 'how', 'why', 'did', 'are')
_QUESTIONS_ZH: Final = ('吗', '哪', '什么', '呢', '没有', '能不能', '谁', '几')


def is_question(text: str, language: str) -> bool:
    """Tell roughly whether a person would close this text with a question mark."""
    if language == 'en':
        return text.startswith(_QUESTIONS) or ', can you' in text or ', could you' in text
    return any(word in text for word in _QUESTIONS_ZH)


def dress(pieces: Pieces, language: str, rng: random.Random, *, noise: bool) -> Pieces:
    """Give the text a style; with `noise` also typing errors and mishearings."""
    style = rng.random()
    put_on = _dress_en if language == 'en' else _dress_zh
    dressed = put_on(pieces, style, rng, noise=noise)
    # An error may take the only word there is; nobody says nothing.
    return dressed if ''.join(dressed).strip() else pieces


def _dress_en(pieces: Pieces, style: float, rng: random.Random, *, noise: bool) -> Pieces:
    before, argument, after = pieces
    if style < 0.42:                                    # as a recogniser writes it
        before, after = before.replace(',', ''), after.replace(',', '')
        if noise and rng.random() < 0.16:
            before, argument, after = _slip_en((before, argument, after), rng)
        return before, argument, after
    if noise and rng.random() < 0.08:
        before, argument, after = _typo((before, argument, after), rng)
    if style < 0.72:
        if rng.random() < 0.4:
            after += _closing(before + argument + after, 'en', rng)
        if argument and rng.random() < 0.08:
            argument = argument.title() if rng.random() < 0.5 else argument.capitalize()
        return before, argument, after
    if style < 0.975:
        after += _closing(before + argument + after, 'en', rng)
        before, after = before.replace(' i ', ' I '), after.replace(' i ', ' I ')
        if before:
            before = before[0].upper() + before[1:]
        elif argument:
            argument = argument[0].upper() + argument[1:]
        return before, argument, after
    return before.upper(), argument.upper(), after.upper()


def _dress_zh(pieces: Pieces, style: float, rng: random.Random, *, noise: bool) -> Pieces:
    before, argument, after = pieces
    if style < 0.45:                                    # as a recogniser writes it
        before, after = before.replace('，', ''), after.replace('，', '')
        if noise and rng.random() < 0.14:
            before, argument, after = _slip_zh((before, argument, after), rng)
    elif rng.random() < 0.6:
        after += _closing(before + argument + after, 'zh', rng)
        if style > 0.93:
            before, after = before.translate(_HALF_WIDTH), after.translate(_HALF_WIDTH)
    if noise and rng.random() < 0.04:
        return (before.translate(TRADITIONAL), argument.translate(TRADITIONAL),
                after.translate(TRADITIONAL))
    return before, argument, after


def _closing(text: str, language: str, rng: random.Random) -> str:
    pick = rng.random()
    if language == 'en':
        if is_question(text, 'en') and pick < 0.9:
            return '?'
        return '.' if pick < 0.75 else ('!' if pick < 0.95 else '...')
    if is_question(text, 'zh') and pick < 0.9:
        return '？'
    return '。' if pick < 0.75 else '！'


def _slip_en(pieces: Pieces, rng: random.Random) -> Pieces:
    """Mishear one word that has a known slip; the argument twice as often."""
    out = list(pieces)
    places = [(i, j, word) for i, text in enumerate(pieces) for j, word in enumerate(
        text.split(' ')) if word in SLIPS_EN for _ in range(2 if i == 1 else 1)]
    if not places:
        return pieces
    i, j, word = places[int(rng.random() * len(places))]
    options = SLIPS_EN[word]
    heard = options[int(rng.random() * len(options))]
    if i == 1 and not heard:
        return pieces
    words = out[i].split(' ')
    words[j:j + 1] = [heard] if heard else []
    out[i] = ' '.join(words)
    return out[0], out[1], out[2]


def _slip_zh(pieces: Pieces, rng: random.Random) -> Pieces:
    places = [(i, j) for i, text in enumerate(pieces) for j, character in enumerate(text)
              if character in SLIPS_ZH]
    if not places:
        return pieces
    i, j = places[int(rng.random() * len(places))]
    options = SLIPS_ZH[pieces[i][j]]
    out = list(pieces)
    out[i] = out[i][:j] + options[int(rng.random() * len(options))] + out[i][j + 1:]
    return out[0], out[1], out[2]


def _typo(pieces: Pieces, rng: random.Random) -> Pieces:
    """Drop, double, swap or replace a letter inside a word of at least four letters."""
    out = list(pieces)
    for _ in range(4):
        i = int(rng.random() * 3)
        text = out[i]
        if len(text) < 4:
            continue
        j = 1 + int(rng.random() * (len(text) - 2))
        if not text[j - 1:j + 2].isalpha() or not text[j - 1:j + 2].isascii():
            continue                                    # keep first letters, digits and blanks
        kind = rng.random()
        if kind < 0.3:
            out[i] = text[:j] + text[j + 1:]
        elif kind < 0.5:
            out[i] = text[:j] + text[j] + text[j:]
        elif kind < 0.8:
            out[i] = text[:j] + text[j + 1] + text[j] + text[j + 2:]
        else:
            out[i] = text[:j] + _LETTERS[int(rng.random() * 26)] + text[j + 1:]
        break
    return out[0], out[1], out[2]
