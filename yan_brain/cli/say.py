"""`yan-brain say`: tells the running brain something and waits for what becomes of it."""
from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from yan_brain.cli.programs import surroundings
from yan_brain.cli.stopping import Stopped, stoppable

LIMIT_S = 180.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `yan-brain say`."""
    parser.add_argument('text', nargs='?', default='', help='what it shall do')
    parser.add_argument('--wav', type=Path, metavar='FILE',
                        help='say this recording instead (16 bit PCM)')
    parser.add_argument('--namespace', default='', help='of the robot')
    parser.add_argument('--wait', type=float, default=10.0, metavar='SECONDS',
                        help='for a brain to be there')
    parser.add_argument('--limit', type=float, default=LIMIT_S, metavar='SECONDS',
                        help='then it is cancelled')


def main(args: argparse.Namespace) -> int:
    """Exit code 0 when it was done, 1 when not, 2 for wrong arguments."""
    if bool(args.text.strip()) == bool(args.wav):
        print('error: give either a text or --wav FILE', file=sys.stderr)
        return 2
    os.environ.update(surroundings('sim'))
    from yan_brain.cli.client import Brain, BrainUnreachable
    from yan_brain.cli.spoken import BadRecording, read_wav
    try:
        sound = read_wav(args.wav) if args.wav else None
        with stoppable(), Brain(args.namespace) as brain:
            brain.wait_for_listener(args.wait)
            outcome = tell(brain, args.text, sound, args.limit, Progress())
    except (BrainUnreachable, BadRecording) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except Stopped:
        print('cancelled', file=sys.stderr)
        return 1
    print(sentence(outcome), flush=True)
    return 0 if outcome.success else 1


def tell(brain: Any, text: str, sound: Any, limit_s: float, progress: Any) -> Any:
    """Types the text, or says the sound, and waits for the outcome."""
    if sound is not None:
        from yan_brain.cli.spoken import Spoken
        return Spoken(brain, progress.line).say(sound, limit_s)
    telling = brain.tell(text, progress)
    try:
        return telling.wait(limit_s)
    finally:
        telling.cancel()                # nothing when it has ended


class Progress:
    """Prints what the brain makes of it: one line for each new state."""

    def __init__(self) -> None:
        self._last = ''

    def __call__(self, feedback: Any) -> None:
        from yan_brain.cli.live import direction
        text = f'{feedback.skill} {feedback.argument}'.strip()
        if feedback.progress > 0.0:
            text += f', {round(10 * feedback.progress) * 10}%'
        if feedback.target_probability >= 0.5 and feedback.range == feedback.range:
            text += (f', sees it {direction(feedback.bearing)} at about '
                     f'{round(2 * feedback.range) / 2:.1f} m')
        self.line(text)

    def line(self, text: str) -> None:
        """A line, unless it is the same as the last one."""
        if text != self._last:
            self._last = text
            print(f'  {text}', flush=True)


def sentence(outcome: Any) -> str:
    """An outcome in one line."""
    ended = 'done' if outcome.success else f'not done: {outcome.reason or "no reason given"}'
    text = f'{ended} ({outcome.seconds:.1f} s)'
    return f'robot: {outcome.reply}\n{text}' if outcome.reply else text
