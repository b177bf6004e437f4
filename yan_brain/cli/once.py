"""`yan-brain once`: starts everything in the simulated home, does one thing, judges, stops.

What the brain gets is what its sensors sense. The judge is the simulator: it publishes on
`judge`, which only this command reads.
"""
from __future__ import annotations

import argparse
import json
import math
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from yan_brain.cli.config import config_folder
from yan_brain.cli.programs import free_domain, programs, surroundings
from yan_brain.cli.run import READY_LIMIT_S, started, what_is_there
from yan_brain.cli.say import LIMIT_S, Progress, sentence, tell
from yan_brain.cli.stopping import Stopped, stoppable
from yan_brain.cli.supervisor import new_log_folder, tail
from yan_brain.evaluation.report import Report, Result, percentile
from yan_brain.settings import Value

SETTLE_S = 0.6                          # the robot comes to rest before it is judged
REACHED_M = 0.6
FACING_RAD = math.radians(10)
TURN_RAD = math.radians(5)
MOVE_SHARE = 0.10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `yan-brain once`."""
    parser.add_argument('text', nargs='?', default='', help='what it shall do')
    parser.add_argument('--wav', type=Path, metavar='FILE',
                        help='the person in the home says this recording instead')
    parser.add_argument('--seed', type=int, default=1, help='of the room')
    parser.add_argument('--absent', action='store_true',
                        help='what the text names is not in the room')
    parser.add_argument('--limit', type=float, default=LIMIT_S, metavar='SECONDS',
                        help='then it is cancelled')
    parser.add_argument('--json', action='store_true', help='a report as the last line')
    parser.add_argument('--log', type=Path, help='folder for the logs')


def main(args: argparse.Namespace) -> int:
    """Exit code 0 when the brain did it and the simulator agrees, 1 when not."""
    if bool(args.text.strip()) == bool(args.wav):
        print('error: give either a text or --wav FILE', file=sys.stderr)
        return 2
    # A domain of its own: a brain that runs already is not disturbed.
    environment = surroundings('sim')
    if 'ROS_DOMAIN_ID' not in os.environ:
        environment['ROS_DOMAIN_ID'] = str(free_domain())
    os.environ.update(environment)
    from yan_brain.cli.client import BrainUnreachable
    from yan_brain.cli.spoken import BadRecording, read_wav
    log = args.log or new_log_folder()
    try:
        sound = read_wav(args.wav) if args.wav else None
        with stoppable():
            return _once(args, sound, log)
    except (BrainUnreachable, BadRecording) as error:
        print(f'error: {error}\nlogs in {log}', file=sys.stderr)
        for name in ('home', 'mind', 'planner'):
            print(f'--- {name}.log\n{tail(log / f"{name}.log")}', file=sys.stderr)
        return 1
    except Stopped:
        print('stopped', file=sys.stderr)
        return 1


def named_target(text: str) -> tuple[str, str] | None:
    """The colour and kind that an instruction names, by the words evaluation uses; or None.

    For the judge and for furnishing the room; the brain has to understand by itself.
    """
    from yan_brain.training.language_words import COLOUR_EN, COLOUR_ZH, KIND_EN, KIND_ZH
    found = []
    for english, chinese in ((COLOUR_EN, COLOUR_ZH), (KIND_EN, KIND_ZH)):
        names = [(name, plain) for table in (english, chinese)
                 for plain, all_names in table.items() for name in all_names
                 if _says(text.lower(), name)]
        if not names:
            return None
        found.append(max(names, key=lambda pair: len(pair[0]))[1])
    return found[0], found[1]


def _says(text: str, name: str) -> bool:
    if not name.isascii():
        return name in text
    words = ''.join(c if c.isalnum() else ' ' for c in text)
    return f' {name} ' in f' {" ".join(words.split())} '


def _once(args: argparse.Namespace, sound: Any, log: Path) -> int:
    report = Report(command='once', seed=args.seed)
    target = named_target(args.text)
    home: dict[str, Value] = {'seed': args.seed, 'judge': True}
    if target is not None:
        home |= {'target_colour': target[0], 'target_kind': target[1], 'absent': args.absent}
    todo = programs('sim', folder=config_folder(), given={'home': home})
    print(f'Starting the brain in room {args.seed} '
          f'(ROS domain {os.environ["ROS_DOMAIN_ID"]}; logs in {log})', flush=True)
    began_s = time.monotonic()
    with started(todo, log, '', READY_LIMIT_S) as (_, brain):
        report.add(Result(name='once.start_s', value=time.monotonic() - began_s, unit='s'))
        print(args.text or args.wav, flush=True)
        watch = Watch(brain)
        watch.begin(limit_s=5.0)
        outcome = tell(brain, args.text, sound, args.limit, Progress())
        time.sleep(SETTLE_S)
        print(sentence(outcome), flush=True)
        results = judged(outcome, watch, target or named_target(outcome.argument), args.absent)
        report.add(*results)
    if target is None and not outcome.success:
        print(what_is_there(args.seed))
    report.show(as_json=args.json)
    return 0 if results[0].value == 1.0 else 1


class Watch:
    """Collects what a report tells: stage latencies and the judge's newest words."""

    def __init__(self, brain: Any) -> None:
        from std_msgs.msg import String
        from yan_brain_msgs.msg import BrainState, Decision

        from yan_brain.nodes.common import RELIABLE
        self._lock = threading.Lock()
        self._stages: dict[str, list[float]] = {}
        self._verdict: dict[str, Any] | None = None
        self._amounts: dict[int, float] = {}
        self._first: dict[str, float] | None = None
        brain.listen(Decision, 'decision', self._on_decision, RELIABLE)
        brain.listen(BrainState, 'brain_state', self._on_state, RELIABLE)
        brain.listen(String, 'judge', self._on_judge, RELIABLE)

    def stages(self) -> dict[str, list[float]]:
        """Milliseconds of each tick, by stage, and of all stages together."""
        with self._lock:
            return {name: list(values) for name, values in self._stages.items()}

    def verdict(self) -> dict[str, Any] | None:
        """The newest of the judge."""
        with self._lock:
            return self._verdict

    def begin(self, limit_s: float) -> None:
        """Waits for the judge and notes where the robot stands now."""
        deadline_s = time.monotonic() + limit_s
        while self.verdict() is None and time.monotonic() < deadline_s:
            time.sleep(0.05)
        verdict = self.verdict()
        self._first = verdict['pose'] if verdict else None

    def amount(self, instruction_id: int) -> float | None:
        """Metres or radians that were decided on."""
        with self._lock:
            return self._amounts.get(instruction_id)

    def went(self) -> tuple[float, float]:
        """True way ahead in metres and turn in radians (-pi to pi) since `begin`."""
        verdict, first = self.verdict(), self._first
        if verdict is None or first is None:
            return math.nan, math.nan
        last, yaw = verdict['pose'], first['yaw_rad']
        ahead = ((last['x_m'] - first['x_m']) * math.cos(yaw)
                 + (last['y_m'] - first['y_m']) * math.sin(yaw))
        return ahead, math.remainder(last['yaw_rad'] - yaw, 2 * math.pi)

    def _on_decision(self, message: Any) -> None:
        with self._lock:
            if message.has_amount:
                self._amounts[message.instruction_id] = message.amount

    def _on_state(self, message: Any) -> None:
        with self._lock:
            for name, spent_ms in zip(message.stages, message.stage_ms, strict=False):
                self._stages.setdefault(name, []).append(float(spent_ms))
            self._stages.setdefault('all', []).append(float(sum(message.stage_ms)))

    def _on_judge(self, message: Any) -> None:
        with self._lock:
            self._verdict = json.loads(message.data)


def judged(outcome: Any, watch: Watch, target: tuple[str, str] | None,
           absent: bool) -> list[Result]:
    """Success, seconds, distance and stage latencies."""
    verdict = watch.verdict()
    thing = None
    if verdict is not None and target is not None:
        thing = next((thing for thing in verdict['things']
                      if (thing['colour'], thing['kind']) == target), None)
    success, note = _success(outcome, verdict, thing, absent)
    if success and outcome.skill in ('move', 'turn'):
        success, note = _motion(outcome, watch)
    results = [Result(name='once.success', value=float(success), unit='bool', note=note),
               Result(name='once.seconds', value=outcome.seconds, unit='s')]
    if thing is None:
        results.append(Result(name='once.distance_to_target', value=None, unit='m',
                              note='the judge knows no such thing in this room'))
    else:
        results.append(Result(name='once.distance_to_target', value=thing['distance_m'], unit='m',
                              note="from the robot's centre to the surface"))
    for name, spent in sorted(watch.stages().items()):
        for share in (50, 99):
            results.append(Result(name=f'once.stage.{name}.p{share}_ms', unit='ms',
                                  value=percentile(spent, share / 100), n=len(spent)))
    return results


def _success(outcome: Any, verdict: dict[str, Any] | None, thing: dict[str, Any] | None,
             absent: bool) -> tuple[bool, str]:
    """What the simulator says of it, and why not."""
    if verdict is None:
        return False, 'the judge said nothing'
    if verdict['hit'] and outcome.skill != 'stop':
        return False, 'the robot hit something'
    if absent:
        right = outcome.reason == 'not_found'
        return right, '' if right else 'it is not there, and that was not said'
    if not outcome.success:
        return False, outcome.reason or 'not done'
    if outcome.skill in ('go_to', 'find', 'turn_to', 'follow') and thing is None:
        return False, f'{outcome.argument} is not in this room'
    if outcome.skill == 'go_to' and thing is not None and thing['distance_m'] > REACHED_M:
        return False, f'{thing["distance_m"]:.2f} m away; at most {REACHED_M} m were wanted'
    if outcome.skill == 'find' and thing is not None and not thing['in_view']:
        return False, 'it is not in view'
    if outcome.skill == 'turn_to' and thing is not None \
            and abs(thing['bearing_rad']) > FACING_RAD:
        return False, f'{math.degrees(thing["bearing_rad"]):.0f} degrees off'
    return True, 'judged by the simulator' if thing else 'as the robot says'


def _motion(outcome: Any, watch: Watch) -> tuple[bool, str]:
    """Moves and turns against the true pose."""
    wanted = watch.amount(outcome.instruction_id)
    ahead, turned = watch.went()
    if wanted is None or not math.isfinite(ahead):
        return False, 'no amount was decided on' if wanted is None else 'the judge said nothing'
    if outcome.skill == 'move':
        return (abs(ahead - wanted) <= MOVE_SHARE * abs(wanted),
                f'{ahead:+.2f} m of {wanted:+.2f} m, by the simulator')
    off = math.remainder(turned - wanted, 2 * math.pi)
    return abs(off) <= TURN_RAD, (f'{math.degrees(off):+.1f} degrees off from '
                                  f'{math.degrees(wanted):+.0f}, by the simulator')
