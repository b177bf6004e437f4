"""The compiled stepper says what torch says."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from yan_brain.cognition.config import CoreConfig
from yan_brain.cognition.native import library
from yan_brain.cognition.stepper import CoreStepper, TextStepper
from yan_brain.cognition.text import TextConfig, TextModel

CORE = CoreConfig(width=48, layers=2, channels=3, memory_heads=2, memory_key=8, memory_value=12,
                  partitions=7, partition_width=10, awake=3)
SHAPES = [CORE, CORE.mcsd(), replace(CORE, memory_heads=0, partitions=1, awake=1),
          replace(CORE, memory_heads=3, channels=1),
          replace(CORE, slots=64, slots_awake=5, slot_key=6),
          replace(CORE, slots=9, slots_awake=9, slot_key=3)]     # more awake than half keys

needs_compiler = pytest.mark.skipif(library() is None, reason='no C++ compiler here')


def model(core: CoreConfig = CORE, segment: int = 4, tied: bool = False) -> TextModel:
    torch.manual_seed(3)
    made = TextModel(TextConfig(core=core, vocabulary=61, segment=segment, tied=tied)).eval()
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if 'gain' in name or 'keep' in name or 'embedding' in name or 'head' in name:
                weight.add_(torch.randn_like(weight) * 0.3)
    return made


@needs_compiler
@pytest.mark.parametrize('threads', [1, 2, 3])
@pytest.mark.parametrize('core', SHAPES)
def test_logits_and_state_equal_those_of_torch(core: CoreConfig, threads: int) -> None:
    brain = model(core)
    fast = TextStepper(brain, threads=threads)
    assert fast.native
    ids = torch.randint(61, (30,))
    with torch.no_grad():
        want, end, _ = brain(ids[None], brain.initial_state())
    fast.read(ids[:7])
    got = torch.stack([fast.step(int(i)) for i in ids[7:]])
    torch.testing.assert_close(got, want[0, 7:], rtol=1e-4, atol=1e-4)
    for mine, theirs in zip(fast.state.core, end.core, strict=True):
        for a, b in zip((*mine.mixer, mine.selector), (*theirs.mixer, theirs.selector),
                        strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
    assert fast.state.position.tolist() == end.position.tolist()


@needs_compiler
@pytest.mark.parametrize('slots', [0, 64])
def test_greedy_talk_is_the_same_for_hundreds_of_tokens(slots: int) -> None:
    brain = model(replace(CORE, slots=slots), segment=1)
    fast, slow = TextStepper(brain, threads=2), TextStepper(brain, native=False)
    assert fast.native and not slow.native
    said = fast.generate([1, 2, 3], 400)
    assert said == slow.generate([1, 2, 3], 400)
    assert len(set(said)) > 3


@pytest.mark.parametrize('native', [False, pytest.param(True, marks=needs_compiler)])
def test_a_state_moves_between_steppers(native: bool) -> None:
    brain = model()
    one, two = TextStepper(brain, native=native), TextStepper(brain, native=False)
    one.read([4, 5, 6, 7, 8])
    two.state = one.state
    torch.testing.assert_close(one.step(9), two.step(9), rtol=1e-4, atol=1e-4)
    one.reset()
    two.reset()
    torch.testing.assert_close(one.step(9), two.step(9), rtol=1e-4, atol=1e-4)


@needs_compiler
def test_a_tick_goes_through_at_once() -> None:
    brain = model()
    x, starts = torch.randn(28, 48), torch.rand(28) < 0.2
    fast, slow = (CoreStepper(brain.core, native=native) for native in (True, False))
    torch.testing.assert_close(fast.read(x, starts)[0], slow.read(x, starts)[0],
                               rtol=1e-4, atol=1e-4)
    assert fast.read(x[:0], starts[:0])[0].shape == (0, 48)


def _ids(ids: list[int]) -> Callable[[], object]:
    return lambda: TextStepper(model(), native=False).read(ids)


@pytest.mark.parametrize(('call', 'reason'), [
    (_ids([]), 'at least one'),
    (_ids([61]), '0 to 60'),
    (lambda: CoreStepper(model().core).read(torch.zeros(2, 47), torch.ones(2) > 0), 'expected'),
    (lambda: setattr(CoreStepper(model().core), 'state', model(
        replace(CORE, memory_key=4)).core.initial_state()), 'another core'),
])
def test_wrong_input_is_refused(call: Callable[[], object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        call()


def test_without_native_helpers_torch_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('yan_brain.cognition.stepper.library', lambda: None)
    stepper = TextStepper(model())
    assert not stepper.native
    assert stepper.read([1, 2]).shape == (61,)
