"""Meanings of words: made from a package's files, learned beside, folded away."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers
from torch import nn

from yan_brain.perception.language import Words
from yan_brain.training import meanings
from yan_brain.training.meanings import Meanings, MeaningsError, folded, give_meaning, make

WORDS = ('turn', 'spin', 'go', 'walk', 'ball', 'sphere')
VECTORS = np.array([[1, 0.1, 0], [1, 0, 0.1], [0, 1, 0], [0.1, 1, 0], [0, 0, 1], [0, 0.1, 1]],
                   np.float32)


@pytest.fixture
def pieces() -> Words:
    return Words.train([f' {word}' * 20 for word in WORDS] + ['go to the red ball'] * 20, 400)


def test_whole_words_have_a_meaning_and_nothing_else(pieces: Words) -> None:
    table = Meanings(WORDS, VECTORS).table(pieces, pieces.size + 2)
    texts = pieces.texts()
    assert table.shape == (pieces.size + 2, 3) and '\ufffd' in texts
    for number, text in enumerate(texts):
        word = text.removeprefix(' ')
        has = text.startswith(' ') and word in WORDS
        assert (table[number] == (VECTORS[WORDS.index(word)] if has else 0)).all()
    assert table.any(1).sum() == len(WORDS) and not table[-2:].any()


def test_the_table_is_kept_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'deep' / 'meanings.npz'
    Meanings(WORDS, VECTORS).save(path)
    back = Meanings.load(path)
    assert back.words == WORDS and (back.vectors == VECTORS).all()
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(MeaningsError, match='make it by'):
        Meanings.load(path)
    Meanings(WORDS[:2], VECTORS).save(path)
    with pytest.raises(MeaningsError, match='damaged'):
        Meanings.load(path)


def test_frequent_words_come_more_often() -> None:
    counts = [text.count(' ') for text in Meanings(WORDS, VECTORS).text()]
    assert counts == sorted(counts, reverse=True) and counts[-1] >= meanings.LEAST


def test_words_never_read_move_with_words_like_them(pieces: Words) -> None:
    torch.manual_seed(0)
    table = Meanings(WORDS, VECTORS).table(pieces, pieces.size)
    embedding = nn.Embedding(pieces.size, 8)
    give_meaning(embedding, table, dropped=0.5)
    ids = {word: pieces.pieces(word).ids[0] for word in WORDS}
    want = {'turn': torch.ones(8), 'go': -torch.ones(8), 'ball': torch.zeros(8)}
    optimiser = torch.optim.Adam(embedding.parameters(), 0.05)
    for _ in range(150):
        loss = sum(((embedding.weight[ids[word]] - goal) ** 2).mean()
                   for word, goal in want.items())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    weights = {f'words.{name}': value for name, value in embedding.state_dict().items()}
    plain = folded(weights, table)['words.weight']
    assert torch.allclose(plain, embedding.eval().weight, atol=1e-6)
    for like, word in (('spin', 'turn'), ('walk', 'go'), ('sphere', 'ball')):
        near = min(want, key=lambda goal: float((plain[ids[like]] - want[goal]).norm()))
        assert near == word
        own = weights['words.parametrizations.weight.original'][ids[like]]
        assert not own.any()                # never read: nothing of its own


def test_without_meanings_nothing_changes() -> None:
    weights = {'words.weight': torch.ones(3, 2), 'inside.bias': torch.zeros(1)}
    assert folded(weights, None).keys() == weights.keys()
    with pytest.raises(MeaningsError, match='missing'):
        folded({'words.parametrizations.weight.original': torch.ones(3, 2),
                'words.parametrizations.weight.0.project': torch.ones(1, 2)}, None)


def test_the_table_is_made_from_the_files_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(meanings, 'DRAWN', 200)
    tokens = [*(f'▁{word}' for word in WORDS), '▁Xy', '▁x2', *(
        chr(code) for code in range(97, 123)), '▁']
    tokenizer = Tokenizer(models.WordLevel({t: i for i, t in enumerate(tokens)}, unk_token='▁'))
    tokenizer.normalizer = normalizers.Prepend('▁')
    (tmp_path / 'tokenizers').mkdir()
    (tmp_path / 'weights').mkdir()
    tokenizer.save(str(tmp_path / 'tokenizers' / 'l2_supercat_tokenizer_config.json'))
    rng = np.random.default_rng(1)
    save_file({'embedding.weight': rng.normal(size=(len(tokens), 16)).astype(np.float16)},
              tmp_path / 'weights' / 'l2_supercat_256.safetensors')
    made = make(tmp_path, width=5)
    assert made.words[:len(WORDS)] == WORDS and 'xy' not in made.words
    assert made.vectors.shape == (len(made.words), 5)
    assert (made.vectors ** 2).sum(1).mean() == pytest.approx(1.0, rel=1e-3)
    (tmp_path / 'tokenizers' / 'l2_supercat_tokenizer_config.json').write_text(json.dumps({}))
    with pytest.raises(MeaningsError, match='does not hold'):
        make(tmp_path)
