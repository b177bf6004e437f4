"""When a robot sleeps: idle, within its budget, broken off when somebody speaks."""
from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from yan_brain.learning.database import Database
from yan_brain.learning.sayings import Sayings
from yan_brain.learning.sleeper import IdleConfig, Sleeper
from yan_brain.learning.tricks import Step
from yan_brain.signals import Skill

LEFT = Step(words='turn left', skill=Skill.TURN, amount=1.5)
SLEEPS = "import sys; print(1); print('{\"message\": \"slept ' + sys.argv[-1] + '\"}')"
ENDLESS = 'import time; time.sleep(600)'
BREAKS = "import sys; print('no brain here', file=sys.stderr); sys.exit(1)"


class _Bed:
    def __init__(self, folder: Path, program: str, **config: object) -> None:
        self.now_s = 0.0
        self.told: list[str] = []
        self.changes = 0
        self.weights = folder / 'lessons.slow.safetensors'
        self.sayings = Sayings(Database(None))
        self.sleeper = Sleeper(
            IdleConfig(**config), [sys.executable, '-c', program],  # type: ignore[arg-type]
            self.weights, self.sayings, self.told.append, self._changed,
            clock=lambda: self.now_s)

    def _changed(self) -> None:
        self.changes += 1

    def correct(self, text: str = 'hang a louie') -> None:
        for _ in range(3):
            self.sayings.correct(text, LEFT, 'en')

    def after(self, minutes: float) -> bool:
        """Whether it sleeps after so many more minutes."""
        self.now_s += 60 * minutes
        self.sleeper.tick()
        return self.sleeper.asleep

    def until_told(self) -> str:
        end = time.monotonic() + 60
        while not self.told:
            assert time.monotonic() < end
            time.sleep(0.02)
            self.sleeper.tick()
        return self.told.pop()


def test_it_sleeps_after_idle_time_once_an_hour_on_what_is_new(tmp_path: Path) -> None:
    bed = _Bed(tmp_path, SLEEPS, seconds_an_hour=90)
    assert not bed.after(30)                          # nothing to sleep on
    bed.correct()
    bed.sleeper.active()
    assert not bed.after(9.9)
    assert bed.after(0.2)
    assert bed.until_told() == 'slept 1.5'            # minutes
    assert not bed.after(120)                         # nothing new
    bed.correct('shiver')
    assert bed.after(10.1)
    bed.until_told()
    bed.correct('quiver')
    assert not bed.after(40)                          # the budget of this hour is spent
    assert bed.after(21)
    bed.sleeper.close()


def test_who_speaks_wakes_it(tmp_path: Path) -> None:
    bed = _Bed(tmp_path, ENDLESS)
    bed.correct()
    assert bed.after(11)
    assert bed.after(1)
    bed.sleeper.active()
    assert not bed.after(0) and not bed.told
    assert not bed.after(30) and bed.after(31)        # again, in the next hour
    bed.sleeper.close()
    assert not bed.sleeper.asleep


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    bed = _Bed(tmp_path, SLEEPS, enabled=False)
    bed.correct()
    assert not bed.after(1000)


def test_a_sleep_that_failed_is_said(tmp_path: Path) -> None:
    bed = _Bed(tmp_path, BREAKS)
    bed.correct()
    assert bed.after(11)
    assert bed.until_told() == 'the sleep failed: no brain here'


def test_weights_that_appear_or_go_are_noticed(tmp_path: Path) -> None:
    bed = _Bed(tmp_path, SLEEPS)
    bed.after(1)
    assert bed.changes == 0
    bed.weights.write_bytes(b'x')
    bed.after(1)
    bed.after(1)
    assert bed.changes == 1
    bed.weights.unlink()
    bed.after(1)
    assert bed.changes == 2


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match='rule'):
        IdleConfig(rule='magic')
