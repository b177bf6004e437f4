"""Words to tokens: a small bilingual byte-level BPE, so that no text is ever unknown.

Chinese characters and digits stand alone, so pieces never cross the words that name a target
and numbers are read digit by digit. Trained by `yan-brain train`.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

MAX_CHARACTERS = 400
# A word of letters, or a sign by itself; each Chinese character is a sign.
_WORD = re.compile(r"[^\W\u3400-\u9fff]+(?:['’-][^\W\u3400-\u9fff]+)*|\S")
_SURE = 6.0              # a tag's logit counts up to here
_FAR, _NEAR = -4.0, 2.0  # logit of a word that is never named; and beside the best one
_ALONE = Regex(r'[\u3400-\u9fff\uff00-\uffef0-9]')


@dataclass(frozen=True, slots=True)
class Pieces:
    """A tokenised utterance: ids, and the characters of the text each came from."""

    text: str
    ids: list[int]
    spans: list[tuple[int, int]]


class Words:
    """The tokenizer of a brain."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    @classmethod
    def train(cls, texts: Iterable[str], size: int = 2048) -> Words:
        """Learn at most `size` pieces from texts."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Lowercase(), normalizers.Replace('’', "'")])
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(_ALONE, 'isolated'),
            pre_tokenizers.ByteLevel(add_prefix_space=False)])
        tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
            vocab_size=size, min_frequency=3, show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
        return cls(tokenizer)

    @classmethod
    def load(cls, path: Path) -> Words:
        """Read what `save` wrote."""
        return cls(Tokenizer.from_file(str(path)))

    def save(self, path: Path) -> None:
        """Write the pieces as JSON."""
        self._tokenizer.save(str(path))

    @property
    def size(self) -> int:
        """How many pieces there are."""
        return int(self._tokenizer.get_vocab_size())

    def texts(self) -> list[str]:
        """What each piece stands for, by its number; U+FFFD for bytes that are no character."""
        decoder = decoders.ByteLevel()
        return [decoder.decode([self._tokenizer.id_to_token(number)])
                for number in range(self.size)]

    def pieces(self, text: str) -> Pieces:
        """Cut a text.

        Raises:
            ValueError: nothing but blanks, or longer than MAX_CHARACTERS.
        """
        text = ' '.join(text.split())
        if not text:
            raise ValueError('the text is empty; say or type an instruction')
        if len(text) > MAX_CHARACTERS:
            raise ValueError(f'the text has {len(text)} characters; at most '
                             f'{MAX_CHARACTERS} are read at once')
        encoding = self._tokenizer.encode(' ' + text)      # so that a first word is like others
        spans = [(max(start - 1, 0), max(end - 1, 0)) for start, end in encoding.offsets]
        return Pieces(text, list(encoding.ids), spans)


def tagged_words(pieces: Pieces, tags: Sequence[float], *, needed: bool = False) -> str:
    """The stretch of text from the first to the last tagged word, without loose ends.

    Args:
        pieces: N pieces.
        tags: (N,) logits. A word of letters is tagged as a whole, when its characters are on
            average.
        needed: there must be such words: where none is tagged, those that come nearest are taken,
            unless that is far.
    """
    tagged = np.full(len(pieces.text), -_SURE, np.float32)
    for (begin, end), tag in zip(pieces.spans, tags, strict=True):
        tagged[begin:end] = np.maximum(tagged[begin:end], min(tag, _SURE))
    spans = [match.span() for match in _WORD.finditer(pieces.text)]
    scores = [float(tagged[begin:end].mean()) for begin, end in spans]
    named = [place for place, score in enumerate(scores) if score > 0]
    if needed and not named and max(scores, default=_FAR) > _FAR:
        named = _beside(int(np.argmax(scores)), scores)
    if not named:
        return ''
    first, last = spans[named[0]][0], spans[named[-1]][1]
    return pieces.text[first:last].strip(' \t,.!?;:\'"，。！？；：、“”')


def _beside(best: int, scores: Sequence[float]) -> list[int]:
    """The best word and those around it that are nearly as good."""
    first = last = best
    while first and scores[first - 1] > scores[best] - _NEAR:
        first -= 1
    while last + 1 < len(scores) and scores[last + 1] > scores[best] - _NEAR:
        last += 1
    return list(range(first, last + 1))
