"""Text training: vocabulary, streams, resume, several processes."""
from __future__ import annotations

import argparse
import json
import math
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from yan_brain.training import text, text_corpus
from yan_brain.training.text import TextTrainer, TextTraining
from yan_brain.training.text_corpus import CorpusError, Document
from yan_brain.training.text_models import active, build
from yan_brain.training.text_stream import (
    Streams,
    bits_per_byte,
    nats_per_token,
    tensors_of,
)
from yan_brain.training.text_vocabulary import END, Tokens, Vocabulary, load_tokens

WORDS = ('the robot sees a red ball near the green box', '机器人 看见 红色 的 球',
         'turn left and go 1234 metres', '走到 绿色 的 瓶子 那里')


def write_text(folder: Path, count: int = 60) -> None:
    rng = np.random.default_rng(0)
    lines = []
    for number in range(count):
        body = ' '.join(WORDS[i] for i in rng.integers(len(WORDS), size=20))
        document = Document(source='test', name=str(number), language='en', text=body)
        lines.append(json.dumps(vars(document), ensure_ascii=False))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / text_corpus.FILE).write_text('\n'.join(lines) + '\n', encoding='utf-8')


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp('text')
    write_text(made)
    return made


@pytest.fixture(scope='module')
def vocabulary() -> Vocabulary:
    return Vocabulary.train(WORDS, 400)


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_text_is_unknown(vocabulary: Vocabulary, words: str) -> None:
    ids = vocabulary.encode([words])[0]
    assert END not in ids
    assert vocabulary.decode(ids) == words


def test_an_end_mark_in_a_text_ends_nothing(vocabulary: Vocabulary) -> None:
    assert END not in vocabulary.encode(['a <|end|> b'])[0]
    with pytest.raises(ValueError, match='at least 257'):
        Vocabulary.train(WORDS, 100)


def test_documents_are_split_by_name_and_never_both(folder: Path) -> None:
    made, tokens = load_tokens(folder)
    again, same = load_tokens(folder)
    assert made.size == again.size
    assert np.array_equal(tokens['training'].ids, same['training'].ids)
    documents = text_corpus.load(folder)
    held = [document for document in documents if document.validation]
    assert 0 < len(held) < len(documents) / 4
    assert int((tokens['validation'].ids == END).sum()) == len(held)
    assert tokens['validation'].text_bytes == sum(len(d.text.encode()) for d in held)


def test_missing_and_damaged_texts_are_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match='text_corpus'):
        load_tokens(tmp_path)
    (tmp_path / text_corpus.FILE).write_text('{"source": ')
    with pytest.raises(CorpusError, match='damaged'):
        text_corpus.load(tmp_path)


def test_pages_lose_their_menus(tmp_path: Path) -> None:
    for name in 'ab':
        (tmp_path / f'{name}.html').write_text(
            '<html><head><title>x</title></head><body><li>Home</li><p>page <b>' + name
            + '</b> &amp; more</p><script>no()</script></body></html>')
    found = dict(text_corpus.pages('*.html')(tmp_path))
    assert found == {'a.html': 'Home\npage a & more', 'b.html': 'page b & more'}


def test_novels_are_cut_into_chapters(tmp_path: Path) -> None:
    lines = ['A BOOK', '', 'CHAPTER 1', '', 'It was', 'a day.', '', 'CHAPTER 2', '', 'The end.']
    data = struct.pack('>ii', 16, len(lines)) + b''.join(
        struct.pack('>ii', 9, len(line)) + line.encode() for line in lines)
    place = tmp_path / 'janeaustenr' / 'data'
    place.mkdir(parents=True)
    packed = struct.pack('>i', len(data)) + zlib.compress(data)
    (place / 'Rdata.rdb').write_bytes(packed + packed)
    found = dict(text_corpus.novels(tmp_path))
    assert list(found) == ['1/0', '1/1', '1/2', '2/0', '2/1', '2/2']
    assert found['1/1'] == 'CHAPTER 1\nIt was a day.' and found['2/2'] == 'CHAPTER 2\nThe end.'
    with pytest.raises(CorpusError, match='no R data'):
        dict(text_corpus.novels(place))


def test_poems_of_one_author_are_one_document(tmp_path: Path) -> None:
    (tmp_path / 'a.json').write_text(json.dumps([
        {'author': '李白', 'title': '静夜思', 'paragraphs': ['床前明月光，疑是地上霜。']},
        {'author': '杜甫', 'rhythmic': '春望', 'paragraphs': ['国破山河在，城春草木深。']},
        {'author': '李白', 'title': '早发', 'paragraphs': ['朝辞白帝彩云间。']}]),
        encoding='utf-8')
    found = dict(text_corpus.poems('*.json')(tmp_path))
    assert list(found) == ['李白', '杜甫']
    assert found['李白'].splitlines() == [
        '李白', '静夜思', '床前明月光，疑是地上霜。', '早发', '朝辞白帝彩云间。']
    assert found['杜甫'].startswith('杜甫\n春望\n国破')


def test_streams_follow_from_the_step_alone() -> None:
    streams = Streams(np.arange(100, dtype=np.uint16), count=4, window=8)
    first, second = (streams.batch(step, range(4)) for step in (0, 1))
    assert first[0].tolist() == list(range(9)) and second[2].tolist() == list(range(58, 67))
    assert torch.equal(streams.batch(1, range(2, 4)), second[2:])
    assert streams.batch(3, range(1))[0].tolist() == [24, *range(8)]     # starts over
    with pytest.raises(ValueError, match='need at least'):
        Streams(np.arange(10, dtype=np.uint16), count=4, window=8)


class Knows(nn.Module):
    """Predicts id + 1 surely once it has seen `past` ids in its window, else knows nothing."""

    carries = False

    def __init__(self, past: int) -> None:
        super().__init__()
        self.past = past

    def initial_state(self, rows: int) -> None:
        return None

    def forward(self, ids: Tensor, state: None) -> tuple[Tensor, None, Tensor]:
        sure = nn.functional.one_hot((ids + 1) % 16, 16) * 50.0
        sure[:, :self.past] = 0.0
        return sure, None, torch.zeros(())


def test_every_target_counts_once_and_with_a_past() -> None:
    ids = (np.arange(202) % 16).astype(np.uint16)
    assert nats_per_token(Knows(0), ids, window=16, rows=2) == pytest.approx(0.0, abs=1e-6)
    # Only the first four of each row are judged without their past.
    expected = 2 * 4 * math.log(16) / (2 * 100)
    assert nats_per_token(Knows(4), ids, window=16, rows=2) == pytest.approx(expected, rel=1e-5)
    assert bits_per_byte(math.log(256), 1.0) == pytest.approx(8.0)


CONFIG = TextTraining(steps=12, streams=4, window=16, warmup=2, seed=3)


def trainer(tokens: Tokens, config: TextTraining = CONFIG) -> TextTrainer:
    return TextTrainer(config, lambda: build('ours', 'tiny', 400), tokens)


def test_interrupted_and_resumed_equals_uninterrupted(folder: Path, tmp_path: Path) -> None:
    _, tokens = load_tokens(folder)
    small = Tokens(tokens['training'].ids % 400, 1)
    whole = trainer(small)
    losses = [whole.step() for _ in range(8)]
    first = trainer(small)
    assert [first.step() for _ in range(5)] == losses[:5]
    first.save(tmp_path / 'resume.pt')
    second = trainer(small)
    second.resume(tmp_path / 'resume.pt')
    assert [second.step() for _ in range(3)] == losses[5:]
    for mine, theirs in zip(second.whole.parameters(), whole.whole.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    for a, b in zip(tensors_of(second.state), tensors_of(whole.state), strict=True):
        assert torch.equal(a, b)
    other = trainer(small, TextTraining(steps=12, streams=2, window=16, seed=3))
    with pytest.raises(ValueError, match='streams 4, this one has 2'):
        other.resume(tmp_path / 'resume.pt')


def test_state_is_carried_and_bfloat16_stays_near(folder: Path) -> None:
    _, tokens = load_tokens(folder)
    small = Tokens(tokens['training'].ids % 400, 1)
    plain, rough = trainer(small), trainer(small, TextTraining(
        steps=12, streams=4, window=16, warmup=2, seed=3, bf16=True))
    for _ in range(3):
        exact, near = plain.step(), rough.step()
    assert near == pytest.approx(exact, rel=0.02)
    assert any(float(tensor.abs().sum()) > 0 for tensor in tensors_of(plain.state))


def test_a_hopeless_rate_is_told_and_changes_nothing() -> None:
    made = trainer(Tokens(np.zeros(400, np.uint16), 1))
    with torch.no_grad():
        next(made.whole.parameters()).fill_(math.nan)
    with pytest.raises(FloatingPointError, match='a lower rate'):
        made.step()
    assert made.done == 0
    with pytest.raises(ValueError, match='rate is'):
        TextTraining(rate=math.nan)


def test_the_command_trains_and_goes_on(folder: Path, tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    text.add_arguments(parser)
    words = ['--text', str(folder), '--out', str(tmp_path), '--size', 'tiny', '--streams', '2',
             '--window', '16', '--steps', '4', '--every', '2', '--validation-tokens', '200']
    assert text.main(parser.parse_args(words)) == 0
    history = json.loads((tmp_path / 'curve.json').read_text())
    assert [entry['step'] for entry in history] == [2, 4]
    assert history[1]['validation'] < history[0]['validation']
    assert text.main(parser.parse_args([*words, '--resume', '--seed', '9'])) == 1
    assert text.main(parser.parse_args([*words[2:], '--text', str(tmp_path / 'none')])) == 1


def test_two_processes_with_sharded_weights_equal_one(folder: Path, tmp_path: Path) -> None:
    words = ['--text', str(folder), '--size', 'tiny', '--streams', '4', '--window', '16',
             '--steps', '3', '--every', '3', '--plain', '--validation-tokens', '200',
             '--threads', '1']
    parser = argparse.ArgumentParser()
    text.add_arguments(parser)
    assert text.main(parser.parse_args([*words, '--out', str(tmp_path / 'one')])) == 0
    done = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--nproc-per-node', '2',
         '--rdzv-backend', 'c10d', '--rdzv-endpoint', '127.0.0.1:0', '--local-addr', '127.0.0.1',
         '-m', 'yan_brain.training.text', *words, '--out', str(tmp_path / 'two')],
        env=os.environ | {'OMP_NUM_THREADS': '1', 'GLOO_SOCKET_IFNAME': 'lo'},
        capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[:2000] + '\n...\n' + done.stderr[-2000:]
    one, two = (json.loads((tmp_path / name / 'curve.json').read_text())[-1]
                for name in ('one', 'two'))
    assert two['validation'] == pytest.approx(one['validation'], rel=2e-3)
    saved = [torch.load(tmp_path / name / 'resume.pt', weights_only=False)
             for name in ('one', 'two')]
    assert saved[0]['weights'].keys() == saved[1]['weights'].keys()
    for mine, theirs in zip(*(list(tensors_of(s['state'])) for s in saved), strict=True):
        assert mine.shape == theirs.shape


def test_ablations_cost_the_same_a_token() -> None:
    ours = active(build('ours', 'study', 8192))
    for name in ('mcsd', 'ours_without_partitions', 'ours_without_memory', 'ours_fixed_decay'):
        assert active(build(name, 'study', 8192)) == pytest.approx(ours, rel=0.03), name
    with pytest.raises(ValueError, match='there is no model'):
        build('theirs', 'study', 8192)
    with pytest.raises(ValueError, match='there is no size'):
        build('ours', 'giant', 8192)
