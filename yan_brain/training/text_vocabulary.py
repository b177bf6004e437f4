"""A vocabulary of about 8k pieces for English and Chinese, and the text cut into its ids.

    python -m yan_brain.training.text_vocabulary

Byte-level BPE: all 256 bytes are pieces, so a character that has no piece of its own falls back
to its bytes and no text is ever unknown; decoding gives back the same bytes. Trained on training
documents alone. Digits stand alone. Piece 0 ends a document.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from yan_brain.training import text_corpus
from yan_brain.training.text_corpus import CorpusError, Document

SIZE = 8192
END = 0                              # the piece that ends a document
_END_MARK = '<|end|>'
FILE = 'vocabulary.json'
PARTS = ('training', 'validation')


class Vocabulary:
    """Text to ids and back."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        if tokenizer.token_to_id(_END_MARK) != END:
            raise CorpusError(f'the vocabulary has no piece {_END_MARK} at {END}; train it anew '
                              'by `python -m yan_brain.training.text_vocabulary`')
        self._tokenizer = tokenizer

    @classmethod
    def train(cls, texts: Iterable[str], size: int = SIZE) -> Vocabulary:
        """Learn at most `size` pieces, 257 or more.

        Raises:
            ValueError: `size` does not hold all bytes and the end mark.
        """
        if size < 257:
            raise ValueError(f'size is {size}; at least 257: 256 bytes and the end mark')
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(r'[0-9]'), 'isolated'),
            pre_tokenizers.ByteLevel(add_prefix_space=False)])
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
            vocab_size=size, min_frequency=2, show_progress=False, special_tokens=[_END_MARK],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
        return cls(tokenizer)

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read what `save` wrote.

        Raises:
            CorpusError: there is no such file, or it is damaged.
        """
        if not path.is_file():
            raise CorpusError(f'{path} is missing; make it by `python -m '
                              'yan_brain.training.text_vocabulary`')
        try:
            return cls(Tokenizer.from_file(str(path)))
        except CorpusError:
            raise
        except Exception as error:      # tokenizers raises bare Exception
            raise CorpusError(f'{path} is damaged: {error}') from error

    def save(self, path: Path) -> None:
        """Write the pieces as JSON."""
        self._tokenizer.save(str(path))

    @property
    def size(self) -> int:
        """How many pieces there are."""
        return int(self._tokenizer.get_vocab_size())

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text; the end mark written in a text is taken as plain characters."""
        plain = [text.replace(_END_MARK, '< |end| >') for text in texts]
        return [list(found.ids) for found in self._tokenizer.encode_batch_fast(plain)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids; end marks give nothing."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))


@dataclass(frozen=True)
class Tokens:
    """One part of the text as ids.

    `ids` (n,) uint16, documents one after another, each with END; `text_bytes` is the size of
    the text they stand for, in UTF-8.
    """

    ids: NDArray[np.uint16]
    text_bytes: int

    @property
    def bytes_per_token(self) -> float:
        """How much text one id stands for."""
        return self.text_bytes / max(len(self.ids), 1)


def prepare(folder: Path, size: int = SIZE, seed: int = 0) -> tuple[Vocabulary, dict[str, Tokens]]:
    """Train the vocabulary on the training documents, cut all, and write both to `folder`.

    Documents are shuffled once by `seed`, so that languages and sources mix.
    """
    documents = text_corpus.load(folder)
    order = np.random.default_rng(seed).permutation(len(documents))
    parts: dict[str, list[Document]] = {part: [] for part in PARTS}
    for index in order:
        parts[PARTS[documents[index].validation]].append(documents[index])
    vocabulary = Vocabulary.train((d.text for d in parts['training']), size)
    vocabulary.save(folder / FILE)
    made = {}
    about: dict[str, object] = {'text': _digest(folder)}
    for part, mine in parts.items():
        if not mine:
            raise CorpusError(f'no document is for {part}; the text is too small')
        ids = [one for found in vocabulary.encode([d.text for d in mine]) for one in [*found, END]]
        made[part] = Tokens(np.array(ids, np.uint16), sum(len(d.text.encode()) for d in mine))
        np.save(folder / f'{part}.npy', made[part].ids)
        about[part] = made[part].text_bytes
    (folder / 'tokens.json').write_text(json.dumps(about))
    return vocabulary, made


def load_tokens(folder: Path) -> tuple[Vocabulary, dict[str, Tokens]]:
    """What `prepare` wrote; it is made when it is missing or the text changed.

    Raises:
        CorpusError: there is no text, or a file is damaged.
    """
    try:
        about = json.loads((folder / 'tokens.json').read_text())
        if about['text'] == _digest(folder):
            return Vocabulary.load(folder / FILE), {
                part: Tokens(np.load(folder / f'{part}.npy', mmap_mode='r'), about[part])
                for part in PARTS}
    except (FileNotFoundError, json.JSONDecodeError, KeyError, ValueError):
        pass
    return prepare(folder)


def _digest(folder: Path) -> str:
    path = folder / text_corpus.FILE
    if not path.is_file():
        text_corpus.load(folder)        # says what to do
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def main(argv: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description='Train the vocabulary and cut the text.')
    parser.add_argument('--text', type=Path, default=text_corpus.DEFAULT_FOLDER,
                        help='folder made by `python -m yan_brain.training.text_corpus`')
    parser.add_argument('--size', type=int, default=SIZE, help='pieces')
    args = parser.parse_args(argv)
    try:
        vocabulary, made = prepare(args.text, args.size)
    except (CorpusError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(f'{vocabulary.size} pieces')
    for part, tokens in made.items():
        print(f'{part}: {len(tokens.ids)} tokens, {tokens.text_bytes / 1e6:.2f} MB, '
              f'{tokens.bytes_per_token:.2f} bytes a token')
    return 0


if __name__ == '__main__':
    sys.exit(main())
