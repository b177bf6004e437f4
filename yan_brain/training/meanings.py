"""What English words mean, before a brain has read any: a table made once, by command.

    pip install --no-deps -r requirements/meanings.txt
    python -m yan_brain.training.meanings --out data/meanings.npz

The vectors are the static token embeddings that the package `wordllama` carries; a word of
several tokens has their mean, as that package itself reads a text. They are turned to their
principal axes and cut to `--width` of them. With this table, the vector of a word piece is its
meaning, projected by a learned matrix, and a row of its own that is learned beside it. A share of
the rows is left out at every step, whole words: so the brain learns to understand words by their
meaning, and reads one that it never read as it reads words like it. Afterwards the sum is
folded into one plain table (`folded`); nothing of this is left in a trained brain.
"""
from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.utils import parametrize

from yan_brain.perception.language import Words
from yan_brain.training.language import draw_utterance

WIDTH = 64
DRAWN = 20_000             # utterances whose words are in the table even where the package
LEAST = 3                  # has no token for them, when they are drawn so often
FOREMOST = 60_000          # how often the most frequent word counts when pieces are learned
_WORD = re.compile(r'[a-z]{2,}|[ai]')
_START = '▁'               # of a word, among the tokens of the package


class MeaningsError(RuntimeError):
    """The table cannot be made or read. The message says why and what to do."""


@dataclass(frozen=True)
class Meanings:
    """`words`, the most frequent first, and `vectors` (n, width) float32 of about unit size."""

    words: tuple[str, ...]
    vectors: NDArray[np.float32]

    def save(self, path: Path) -> None:
        """Write the table."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, words=np.array(self.words), vectors=self.vectors)

    @classmethod
    def load(cls, path: Path) -> Meanings:
        """Read what `save` wrote.

        Raises:
            MeaningsError: it is no such file, or is damaged.
        """
        try:
            with np.load(path) as file:
                words, vectors = tuple(map(str, file['words'])), file['vectors']
        except (OSError, KeyError, ValueError, BadZipFile) as error:
            raise MeaningsError(f'{path} holds no meanings: {error}; make it by `python -m '
                                'yan_brain.training.meanings`') from error
        if vectors.ndim != 2 or len(words) != len(vectors) or not np.isfinite(vectors).all():
            raise MeaningsError(f'{path} is damaged: {len(words)} words, vectors '
                                f'{vectors.shape}; make it anew')
        return cls(words, vectors.astype(np.float32))

    def text(self) -> Iterator[str]:
        """The words as often as they count when word pieces are learned (Zipf's law)."""
        for rank, word in enumerate(self.words):
            yield f' {word}' * max(FOREMOST // (rank + 10), LEAST)

    def table(self, pieces: Words, rows: int) -> NDArray[np.float32]:
        """(rows, width): of each piece that is a whole word with its blank; others are zero."""
        at = {word: index for index, word in enumerate(self.words)}
        table = np.zeros((rows, self.vectors.shape[1]), np.float32)
        for number, text in enumerate(pieces.texts()):
            index = at.get(text[1:]) if text.startswith(' ') else None
            if index is not None:
                table[number] = self.vectors[index]
        return table


def make(folder: Path, width: int = WIDTH) -> Meanings:
    """The table, from the files in a folder of the package.

    Raises:
        MeaningsError: the package holds no such files.
    """
    try:
        vectors = load_file(folder / 'weights' / 'l2_supercat_256.safetensors')[
            'embedding.weight'].astype(np.float64)
        tokens = Tokenizer.from_file(
            str(folder / 'tokenizers' / 'l2_supercat_tokenizer_config.json'))
    except Exception as error:              # tokenizers raises bare Exception
        raise MeaningsError(f'{folder} does not hold the files of wordllama 0.4: {error}'
                            ) from error
    ranked = sorted(tokens.get_vocab().items(), key=lambda pair: pair[1])
    words = [token[1:] for token, _ in ranked
             if token.startswith(_START) and _WORD.fullmatch(token[1:])]
    words += [word for word in _drawn() if word not in set(words)]
    found = np.stack([vectors[tokens.encode(word, add_special_tokens=False).ids].mean(0)
                      for word in words])
    found /= np.linalg.norm(found, axis=1, keepdims=True) + 1e-9
    found -= found.mean(0)
    _, _, axes = np.linalg.svd(found, full_matrices=False)
    found = found @ axes[:width].T
    found /= np.sqrt((found ** 2).sum(1).mean())
    return Meanings(tuple(words), found.astype(np.float32))


def _drawn(seed: int = 5) -> list[str]:
    """Words of training, by how often they are drawn."""
    rng = random.Random(seed)
    counts = Counter(word for _ in range(DRAWN) for word in _WORD.findall(
        draw_utterance(rng, 'en', noise=False).text.lower()))
    return [word for word, times in counts.most_common() if times >= LEAST]


class Meant(nn.Module):
    """Parametrises an embedding: what a word means, projected, and what was learned of it alone.

    Args:
        table: (rows, width) meanings; a row of zeros has none.
        out: width of the embedding.
        dropped: share of the words with a meaning whose own row is left out of a step.
    """

    table: Tensor
    reads: Tensor            # so far; what is left out follows from it, also after a resume

    def __init__(self, table: NDArray[np.float32], out: int, dropped: float) -> None:
        super().__init__()
        self.register_buffer('table', torch.from_numpy(table), persistent=False)
        self.register_buffer('reads', torch.zeros((), dtype=torch.long))
        self.project = nn.Parameter(torch.randn(table.shape[1], out))
        self.dropped = dropped
        self.meant = torch.from_numpy(table).abs().sum(1) > 0

    def forward(self, own: Tensor) -> Tensor:
        """(rows, out) own rows -> the whole table."""
        if self.training and self.dropped:
            draw = torch.rand(len(own), generator=torch.Generator().manual_seed(int(self.reads)))
            self.reads += 1
            lost = self.meant & (draw < self.dropped)
            own = own.masked_fill(lost[:, None], 0.0)
        return torch.addmm(own, self.table, self.project)


def give_meaning(embedding: nn.Embedding, table: NDArray[np.float32], dropped: float) -> None:
    """Rows with a meaning begin with nothing of their own."""
    meant = Meant(table, embedding.embedding_dim, dropped)
    with torch.no_grad():
        embedding.weight[meant.meant] = 0.0
    parametrize.register_parametrization(embedding, 'weight', meant)


def folded(weights: dict[str, Tensor], table: NDArray[np.float32] | None) -> dict[str, Tensor]:
    """The weights of a brain with one plain table of words, whether it had meanings or not."""
    prefix = 'words.parametrizations.weight.'
    plain = {name: weight for name, weight in weights.items() if not name.startswith(prefix)}
    if len(plain) == len(weights):
        return plain
    own, project = weights[f'{prefix}original'], weights[f'{prefix}0.project']
    if table is None:
        raise MeaningsError('these words were learned with a table of meanings, which is missing')
    return {**plain, 'words.weight': torch.addmm(own, torch.from_numpy(table), project)}


def installed() -> Path:
    """Where the package lies; it is read, never run.

    Raises:
        MeaningsError: it is not installed.
    """
    spec = find_spec('wordllama')
    if spec is None or not spec.submodule_search_locations:
        raise MeaningsError('wordllama is not installed; install it by `pip install --no-deps -r '
                            'requirements/meanings.txt`')
    return Path(next(iter(spec.submodule_search_locations)))


def main(argv: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog='python -m yan_brain.training.meanings',
                                     description='Make the table of meanings of English words.')
    parser.add_argument('--package', type=Path, help='folder of wordllama, instead of the '
                                                     'installed one')
    parser.add_argument('--width', type=int, default=WIDTH, help='axes that are kept')
    parser.add_argument('--out', type=Path, default=Path('data/meanings.npz'))
    args = parser.parse_args(argv)
    try:
        made = make(args.package or installed(), args.width)
    except MeaningsError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    made.save(args.out)
    print(f'{args.out}: {len(made.words)} words')
    return 0


if __name__ == '__main__':
    sys.exit(main())
