"""`yan-brain run`: starts the brain, shows what goes on in it, and lets people talk to it."""
from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yan_brain.cli.config import config_folder
from yan_brain.cli.programs import ROBOTS, programs, surroundings
from yan_brain.cli.stopping import Stopped, stoppable
from yan_brain.cli.supervisor import Supervisor, new_log_folder, tail
from yan_brain.settings import Value

READY_LIMIT_S = 90.0
REFRESH_S = 0.2
HELP = ('Type what the robot shall do: "go to the red ball", "turn left 90 degrees", "what do '
        'you see?", "stop".\n/say WORDS: the person in the simulated home says it aloud. '
        '/help, /quit.')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `yan-brain run`."""
    parser.add_argument('--robot', choices=ROBOTS, default='sim',
                        help='sim: the simulated home; ros: a robot on ROS topics')
    parser.add_argument('--headless', action='store_true', help='no window, also with a screen')
    parser.add_argument('--for', dest='seconds', type=float, metavar='SECONDS',
                        help='stop by itself after so long')
    parser.add_argument('--seed', type=int, default=1, help='of the room (sim)')
    parser.add_argument('--namespace', default='', help='of the robot')
    parser.add_argument('--fleet', action='store_true',
                        help='exchange lessons and tricks with other robots')
    parser.add_argument('--without', action='append', default=[], metavar='PROCESS',
                        help='do not start it: camera, microphone, ...')
    parser.add_argument('--params-file', action='append', type=Path, default=[],
                        help='YAML whose settings win over those in config/')
    parser.add_argument('--log', type=Path, help='folder for the logs')


def main(args: argparse.Namespace) -> int:
    """Runs until told to stop. Exit code 0 after that, 1 when the brain does not come up."""
    os.environ.update(surroundings(args.robot))
    given: dict[str, dict[str, Value]] = {}
    if args.robot == 'sim':
        given['home'] = home_settings(seed=args.seed, window=not args.headless)
    if args.fleet:
        given['learning'] = {'fleet.exchange': True}
    try:
        todo = programs(args.robot, folder=config_folder(), namespace=args.namespace,
                        without=args.without, extra_files=args.params_file, given=given)
    except (ValueError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    log = args.log or new_log_folder()
    print(f'Starting {", ".join(program.name for program in todo)} '
          f'(ROS domain {os.environ["ROS_DOMAIN_ID"]}; logs in {log})', flush=True)
    try:
        with stoppable():
            return _run(args, todo, log)
    except Stopped:
        return 0


def home_settings(*, seed: int, window: bool) -> dict[str, Value]:
    """Settings of the simulated home; a window only where there is a screen."""
    screen = bool(os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'))
    return {'seed': seed, 'window': window and screen}


def _run(args: argparse.Namespace, todo: list[Any], log: Path) -> int:
    from yan_brain.cli.client import BrainUnreachable
    from yan_brain.cli.live import Live
    from yan_brain.cli.screen import Screen

    began_s = time.monotonic()
    try:
        with started(todo, log, args.namespace) as (supervisor, brain):
            print(f'Ready after {time.monotonic() - began_s:.1f} s.', flush=True)
            if args.robot == 'sim':
                print(what_is_there(args.seed))
            print(HELP, flush=True)
            with Screen() as screen:
                live = Live(brain, screen.event)
                supervisor.on_death = lambda death: screen.event(f'  {death}')
                Chat(args, brain, screen, live).run(supervisor)
    except BrainUnreachable as error:
        print(f'error: the brain did not come up: {error}', file=sys.stderr)
        for program in todo:
            print(f'--- {program.name}.log\n{tail(log / f"{program.name}.log")}', file=sys.stderr)
        return 1
    return 0


@contextmanager
def started(todo: list[Any], log: Path, namespace: str,
            limit_s: float = READY_LIMIT_S) -> Iterator[tuple[Supervisor, Any]]:
    """All processes up and active, and a client of the brain; all stopped at the end.

    Raises BrainUnreachable when they are not up within `limit_s`.
    """
    from yan_brain.cli.client import Brain

    def died(death: object) -> None:
        print(f'  {death}', file=sys.stderr, flush=True)

    with Supervisor(todo, environment=os.environ, log_folder=log, on_death=died) as supervisor, \
            Brain(namespace) as brain:
        brain.wait_ready({node for program in todo for node in program.nodes}, limit_s,
                         while_waiting=lambda _: supervisor.check())
        yield supervisor, brain


def what_is_there(seed: int) -> str:
    """What a person in the simulated home sees around. Only people are told."""
    from yan_brain.simulation.home import draw_room
    things = ', '.join(f'{thing.colour} {thing.kind}' for thing in draw_room(seed).things)
    return f'In this room (seed {seed}) are: {things}.'


class Chat:
    """The conversation at the prompt."""

    def __init__(self, args: argparse.Namespace, brain: Any, screen: Any, live: Any) -> None:
        from std_msgs.msg import String

        from yan_brain.nodes.common import RELIABLE
        self._args, self._brain, self._screen, self._live = args, brain, screen, live
        self._aloud = brain.publisher(String, 'person/say', RELIABLE)
        self._text = String
        self._told: Any = None

    def run(self, supervisor: Supervisor) -> None:
        """Until the time is over or somebody wants to leave."""
        end_s = time.monotonic() + (self._args.seconds or float('inf'))
        while time.monotonic() < end_s:
            supervisor.check()
            self._brain.check()
            line = self._screen.typed(REFRESH_S)
            if line is not None and not self._take(line):
                return
            if self._screen.ended and self._screen.live:
                return                  # Ctrl-D at the terminal
            self._screen.status(self._live.line())

    def _take(self, line: str) -> bool:
        """One line; False to leave."""
        word, _, rest = line.partition(' ')
        if word in ('/quit', '/exit'):
            return False
        if word == '/help':
            for row in HELP.split('\n'):
                self._screen.event(row)
        elif word == '/say' and rest.strip():
            self._screen.event(f'you aloud: {rest.strip()}')
            self._aloud.publish(self._text(data=rest.strip()))
        elif word.startswith('/'):
            self._screen.event('  there is /say WORDS, /help and /quit')
        elif line:
            self._screen.event(f'you: {line}')
            self._told = self._brain.tell(line)
        return True
