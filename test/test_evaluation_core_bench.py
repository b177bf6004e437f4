"""Bench core: what is counted, compared and refused. No optional peer is needed."""
from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from yan_brain.cognition import sizes
from yan_brain.evaluation.core_bench import core, groups, llama_state, ours, recall, tick
from yan_brain.evaluation.core_bench.groups import GROUPS, Budget, Found, Group, chosen
from yan_brain.evaluation.core_bench.llama_state import StateFormatError, stretch
from yan_brain.evaluation.core_bench.picture import draw_report
from yan_brain.evaluation.core_bench.time_to_loss import crossing, judged
from yan_brain.evaluation.core_bench.timing import seconds_each
from yan_brain.evaluation.core_bench.window import WindowTransformer, window_for
from yan_brain.evaluation.report import Result
from yan_brain.training import peers
from yan_brain.training.peers import LlamaShape, fitting_llama


def test_every_name_of_the_report_is_measured_by_one_group() -> None:
    names = [name for group in GROUPS for name in group.names]
    assert len(names) == len(set(names))
    for wanted in ('decode.ctx32768.llama_cpp_f32', 'decode.ctx32.rwkv', 'tick.memory_mib',
                   'decode.bandwidth_fraction', 'train.tokens.len4096.hf_llama',
                   'train.time_to_loss.hf_llama', 'quality.bits_per_byte.mcsd', 'state.bytes',
                   'recall.mqar.length', 'growth.1m_over_1k', 'tick.p99_ms'):
        assert wanted in names
    assert sum(group.minutes for group in GROUPS) <= 90
    assert sum(group.quick_minutes for group in GROUPS) <= 5.5


def test_groups_are_chosen_by_name_or_beginning() -> None:
    assert [group.name for group in chosen(None)] == [group.name for group in GROUPS]
    assert [group.name for group in chosen(['tick'])] == ['tick']
    assert [group.name for group in chosen(['train', 'train.tokens'])] == [
        'train_tokens', 'time_to_loss']
    with pytest.raises(ValueError, match='nothing is named'):
        chosen(['speed'])


def test_what_fails_is_reported_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Group(name='nowhere', names=('a.b', 'a.c'), minutes=1, quick_minutes=1)
    found = core.run_group(broken, Budget(), limit_s=60.0)
    assert [(r.name, r.value) for r in found.results] == [('a.b', None), ('a.c', None)]
    assert 'nowhere' in found.results[0].note
    found = core.run_group(broken, Budget(), limit_s=0.01)
    assert 'took longer' in found.results[0].note


def test_a_missing_peer_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(peers.MODULES, 'mamba', ('no_such_module',))
    assert 'no_such_module not installed' in peers.missing('mamba')
    assert 'requirements/peers.txt' in peers.missing('mamba')
    assert (Path(__file__).parent.parent / 'requirements' / 'peers.txt').is_file()


def state_file(path: Path, held: int, transposed: int) -> bytes:
    """A state of one layer in llama.cpp's layout: keys of 4 bytes a token, values of 2 x 2."""
    ids = list(range(300, 300 + held))
    tokens = [-1, 1, held, *ids, 0]
    data = struct.pack('<III', llama_state.MAGIC, 4, len(tokens))
    data += struct.pack(f'<{len(tokens)}i', *tokens) + struct.pack('<II', 1, held)
    data += b''.join(struct.pack('<iii', i, 1, 0) for i in range(held))
    data += struct.pack('<IIII', transposed, 1, 0, 0)
    data += struct.pack('<iQ', 1, 4) + b''.join(struct.pack('<i', i) for i in range(held))
    if transposed:
        data += struct.pack('<iII', 1, 2, 2)
        data += b''.join(struct.pack('<h', 100 * row + i) for row in range(2)
                         for i in range(held))
    else:
        data += struct.pack('<iQ', 1, 4) + b''.join(
            struct.pack('<hh', i, 100 + i) for i in range(held))
    path.write_bytes(data)
    return data


@pytest.mark.parametrize('transposed', [0, 1])
def test_a_state_is_stretched_row_by_row(tmp_path: Path, transposed: int) -> None:
    source, target, same = (tmp_path / name for name in ('a', 'b', 'c'))
    data = state_file(source, 3, transposed)
    assert stretch(source, same, 3, [300, 301, 302]) == [300, 301, 302]
    assert same.read_bytes() == data
    assert stretch(source, target, 7, [300, 301, 302]) == [300, 301, 302, 300, 301, 302, 300]
    end = target.read_bytes()[-14 if transposed else -28:]
    rows = np.frombuffer(end, '<i2')
    if transposed:
        assert rows.tolist() == [100, 101, 102, 100, 101, 102, 100]
    else:
        assert rows.reshape(7, 2)[:, 0].tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_an_unknown_state_is_refused(tmp_path: Path) -> None:
    data = state_file(tmp_path / 'a', 3, 0)
    for wrong in (b'x' + data[1:], data[:-1], data + b'x', data[:40], b''):
        (tmp_path / 'a').write_bytes(wrong)
        with pytest.raises(StateFormatError):
            stretch(tmp_path / 'a', tmp_path / 'b', 5, [1])


def test_sizes_are_as_announced() -> None:
    total = LlamaShape().parameters
    mine = sizes.cost(sizes.size('base'))
    assert mine.parameters == pytest.approx(total, rel=0.01) == pytest.approx(136e6, rel=0.02)
    brain = ours.model('tiny', 512)
    awake = sum(weight.numel() for name, weight in brain.named_parameters()
                if not name.endswith(('.into', '.back')))
    assert 4 * awake < ours.bytes_per_token(brain) < 4 * sum(
        weight.numel() for weight in brain.parameters())
    for width, wanted in ((384, 15.7e6), (256, 5.4e6)):
        assert fitting_llama(width, int(wanted), 8192).parameters == pytest.approx(wanted,
                                                                                  rel=0.02)


def test_crossing_lies_between_the_points() -> None:
    curve = [(1.0, 8.0), (2.0, 4.0), (3.0, 3.0)]
    assert crossing(curve, 5.0) == pytest.approx(1.75)
    assert crossing(curve, 8.5) == 1.0 and crossing(curve, 3.0) == 3.0
    assert crossing(curve, 2.0) is None


def test_a_transformer_that_never_got_there_gives_a_lower_bound() -> None:
    mine, theirs = [(1.0, 8.0), (2.0, 4.0)], [(5.0, 8.0), (30.0, 5.0)]
    result = judged(mine, theirs, 4.0, 'sizes')
    assert (result.value, result.baseline, result.ratio) == (2.0, 30.0, 15.0)
    assert 'lower bounds' in result.note
    assert 'lower' not in judged(mine, theirs, 6.0, 'sizes').note


def test_the_median_step_counts() -> None:
    calls = []
    assert seconds_each(lambda: calls.append(1), budget_s=0.0, least=5) >= 0.0
    assert len(calls) == 6


def test_questions_have_one_answer_each_and_fillers_are_no_pairs() -> None:
    ids, targets = recall.draw(np.random.default_rng(0), 4, 10)
    assert ids.shape == (4, 5 * recall.PAIRS + 10)
    for row, wanted in zip(ids.tolist(), targets.tolist(), strict=True):
        told = dict(zip(row[:2 * recall.PAIRS:2], row[1:2 * recall.PAIRS:2], strict=True))
        assert len(told) == recall.PAIRS
        asked = [(row[i], value) for i, value in enumerate(wanted) if value >= 0]
        assert sorted(asked) == sorted(told.items())
        assert min(row[8:18]) >= recall.KEYS + recall.VALUES


def test_recall_stops_at_the_first_length_below_the_goal() -> None:
    found, plan = Found(), recall.Plan(1, 16, 16, 64)

    def knows_until_40(ids: torch.Tensor) -> torch.Tensor:
        end = ids[:, -3 * recall.PAIRS:]
        logits = torch.zeros(*end.shape, recall.VOCABULARY)
        if ids.shape[1] < 40 + 5 * recall.PAIRS:     # the value that follows a key is in view
            following = torch.cat([end[:, 1:], end[:, :1]], 1)
            logits.scatter_(2, following[..., None], 1.0)
        return logits
    lengths = [4, 8, 16, 32, 64, 128]
    assert recall.longest(knows_until_40, lengths, plan, 0, found, 'x')[0] == 32
    assert [point[1] for point in found.lines['recall']['x']] == [1.0, 1.0, 1.0, 1.0, 0.0]


def test_the_window_sees_so_far_and_takes_the_same_bytes() -> None:
    torch.manual_seed(0)
    window = window_for(20_000, 16, 2)
    assert window == 79 and window_for(1, 16, 2) == 1
    model = WindowTransformer(vocabulary=20, width=16, layers=1, heads=2, window=5, hidden=16)
    assert model.state_bytes() == 2 * 16 * 4 * 5
    ids = torch.randint(20, (1, 12))
    other = ids.clone()
    other[0, 3] = (other[0, 3] + 1) % 20
    changed = (model(ids) - model(other)).abs().sum(-1)[0] > 1e-6
    assert changed.tolist() == [3 <= place < 8 for place in range(12)]


def test_the_million_token_steps_start_from_given_states() -> None:
    torch.manual_seed(1)
    brain = ours.model('tiny', 512)
    state = ours.read(brain, brain.initial_state(), 70, seed=3)
    whole = ours.read(brain, brain.initial_state(), 70, seed=3)
    assert torch.equal(state.core[0].mixer.memory, whole.core[0].mixer.memory)
    logits = [step() for _, step in ours.steppers(brain, state, threads=1)]
    for other in logits[1:]:
        torch.testing.assert_close(other, logits[0][0], rtol=1e-3, atol=1e-3)


def test_a_moment_has_all_senses_and_words_at_times() -> None:
    rng = np.random.default_rng(0)
    told = [tick.moment(rng, number) for number in range(12)]
    assert [bool(moment.text) for moment in told] == [n % 10 == 0 for n in range(12)]
    assert told[1].image is not None and told[1].image.rgb.shape == (240, 320, 3)
    assert told[1].sound is not None and len(told[1].sound.samples) == 1600
    assert 1.0 < tick.peak_memory_mib() < 1e5


def test_a_report_is_printed_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path,
) -> None:
    from yan_brain.cli.main import main

    monkeypatch.setattr(core, 'run_group', lambda group, budget, limit_s: Found(
        [Result(name=name, value=1.0) for name in group.names],
        {'growth': {'ours': [(1, 2.0), (10, 2.0)]}}))
    words = ['bench', 'core', '--quick', '--only', 'tick', '--json', '--picture']
    assert main([*words, str(tmp_path / 'x.png')]) == 0
    read = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert read['command'] == 'bench core --quick'
    assert [r['name'] for r in read['results']] == list(groups.chosen(['tick'])[0].names)
    assert main(['bench', 'core', '--only', 'nothing']) == 2
    assert main(['bench', 'core', '--threads', '0']) == 2


def test_no_picture_without_lines(tmp_path: Path) -> None:
    assert 'no picture' in draw_report(tmp_path / 'x.png', [], {})
