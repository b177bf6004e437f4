"""Words to tokens: a small bilingual byte-level BPE, so that no text is ever unknown.

Chinese characters and digits stand alone, so pieces never cross the words that name a target
and numbers are read digit by digit. Trained by `yan-brain train`.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

MAX_CHARACTERS = 400
# A word of letters, or a sign by itself; each Chinese character is a sign.
_WORD = re.compile(r"[^\W\u3400-\u9fff]+(?:['’-][^\W\u3400-\u9fff]+)*|\S")
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


def tagged_words(pieces: Pieces, inside: list[bool]) -> str:
    """The stretch of text from the first to the last tagged word, without loose ends.

    Tags belong to pieces; a word of letters is tagged as a whole, when more than half of it is.
    """
    tagged = np.zeros(len(pieces.text), np.bool_)
    for (begin, end), hit in zip(pieces.spans, inside, strict=True):
        tagged[begin:end] |= hit
    words = [match.span() for match in _WORD.finditer(pieces.text)
             if tagged[match.start():match.end()].mean() > 0.5]
    if not words:
        return ''
    return pieces.text[words[0][0]:words[-1][1]].strip(' \t,.!?;:\'"，。！？；：、“”')
