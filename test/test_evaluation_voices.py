"""The evaluation of voices: whose recordings it takes, and what it says when it cannot."""
from __future__ import annotations

import argparse
import wave
from pathlib import Path

import numpy as np
import pytest

from yan_brain.evaluation import voices
from yan_brain.perception.voiceprint import EncoderMissing


def _people(folder: Path, people: int, files: int) -> Path:
    for who in range(people):
        (folder / f'p{who}').mkdir()
        for number in range(files):
            with wave.open(str(folder / f'p{who}' / f'{number}.wav'), 'wb') as file:
                file.setparams((1, 2, 16000, 0, 'NONE', ''))
                file.writeframes(np.full(64_000, 100 * who + number, '<i2').tobytes())
    return folder


def test_recordings_are_drawn_once_each_and_cut(tmp_path: Path) -> None:
    source = voices.Recordings(_people(tmp_path, 6, 8))
    assert source.people == ('p0', 'p1', 'p2', 'p3', 'p4', 'p5')
    drawn = source.draw('p3', 7, np.random.default_rng(0))
    assert len({int(samples[0]) for samples in drawn}) == 7
    assert {samples.size for samples in drawn} == {48_000}
    assert all(300 <= samples[0] < 308 for samples in drawn)


@pytest.mark.parametrize(('people', 'files'), [(5, 8), (6, 6)])
def test_too_few_recordings_are_refused(tmp_path: Path, people: int, files: int) -> None:
    with pytest.raises(ValueError, match=f'has {people} folders, with less than 7 WAV files'):
        voices.Recordings(_people(tmp_path, people, files))


def test_without_the_encoder_the_figures_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise EncoderMissing('not here')

    monkeypatch.setattr(voices, 'VoiceEncoder', missing)
    found = list(voices.measure(set(voices.FIGURES), argparse.Namespace()))
    assert [one.value for one in found] == [None] * 4 and found[0].note == 'not here'
    assert list(voices.measure({'taught_once'}, argparse.Namespace())) == []


def test_programs_say_their_name_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(voices, 'synthesise', lambda text, who: said.append((who, text)))
    voices.Programs().draw('pico-gb', 7, np.random.default_rng(1))
    assert len({text for _, text in said}) == 7 and {who for who, _ in said} == {'pico-gb'}
    assert [text.startswith('hello robot, my name is') for _, text in said] == [True] * 3 + [
        False] * 4
