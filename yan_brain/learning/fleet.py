"""Robots that exchange what they learned: each asks the others for what it never knew.

A lesson only ever adds to sums, so it does not matter who was taught, nor in which order lessons
come: robots that know the same lessons answer the same. A message may be lost, come twice or
come late; nothing depends on it, because what is lacking is asked for again.

    Have   all robots, every few seconds: a summary of what they know; what is new at once
    Want   to one robot: its list, or some of what is on it
    Parcel a lesson or trick, for whoever lacks it
"""
from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import groupby

from yan_brain.learning.fleet_messages import LISTED_AT_ONCE, Have, Message, Parcel, Want
from yan_brain.learning.fleet_shelf import News, Shelf
from yan_brain.learning.store import StoreError

AT_ONCE = 16             # lessons and tricks asked for together
MOST_ROBOTS = 32         # heard of at the same time
PATIENCE = 2             # ticks until what was asked for is asked for again
SILENT = 15              # ticks until a robot that says nothing is taken for gone


@dataclass
class _Other:
    """Another robot as far as it was heard."""

    robot: str
    summary: bytes = b''
    count: int = 0
    listed: set[bytes] = field(default_factory=set)
    silent: int = 0                      # ticks
    list_asked: bool = False             # since the last tick


class Member:
    """One robot of the fleet. For one thread.

    Args:
        shelf: what it knows.
        robot: its name, for people.
        send: hands a message to all others; it may get lost.
        tell: called with what came from others.
    """

    def __init__(self, shelf: Shelf, robot: str, send: Callable[[Message], None],
                 tell: Callable[[News], None] = lambda news: None) -> None:
        self.shelf, self.robot = shelf, robot
        self.sender = secrets.randbits(63)
        self.trouble = ''                # why nothing is taken over just now
        self.refused = 0
        self.refusal = ''                # of the last that was refused
        self._send, self._tell = send, tell
        self._others: dict[int, _Other] = {}
        self._arrived: dict[bytes, Parcel] = {}
        self._asked: set[bytes] = set()
        self._waited = 0
        self._tries: dict[bytes, int] = {}
        self._stuck = -1                 # version of the shelf at which nothing more went in

    @property
    def robots(self) -> tuple[str, ...]:
        """Names of the others that are there."""
        return tuple(sorted(other.robot for other in list(self._others.values())))

    def tick(self) -> None:
        """Once in a while: say what is known, and ask again for what did not come."""
        self._waited += 1
        if self._waited >= PATIENCE:
            self._asked.clear()
        for sender, other in list(self._others.items()):
            other.silent += 1
            other.list_asked = False
            if other.silent > SILENT:
                del self._others[sender]
        self._take()
        self.look(always=True)

    def look(self, *, always: bool = False) -> None:
        """Tell the others when there is something new."""
        before = self.shelf.summary
        fresh = self.shelf.look()
        if always or self.shelf.summary != before:
            self._have(sorted(fresh)[:LISTED_AT_ONCE])

    def hear(self, message: Message) -> None:
        """A message of anyone, this robot included.

        Raises:
            ValueError: nothing of it can be used; the text says why.
        """
        if message.sender == self.sender:
            return
        if isinstance(message, Have):
            self._hear_have(message)
        elif isinstance(message, Want):
            if message.asked == self.sender:
                self._answer(message)
        else:
            self._hear_parcel(message)

    def refuse(self, why: str) -> None:
        """Count something that could not be used."""
        self.refused, self.refusal = self.refused + 1, why

    def _have(self, checksums: Iterable[bytes] = ()) -> None:
        self._send(Have(sender=self.sender, robot=self.robot, summary=self.shelf.summary,
                        count=len(self.shelf.have), checksums=tuple(checksums)))

    def _hear_have(self, message: Have) -> None:
        other = self._others.pop(message.sender, None) or _Other(message.robot)
        while len(self._others) >= MOST_ROBOTS:
            del self._others[next(iter(self._others))]      # heard of longest ago
        self._others[message.sender] = other
        other.silent = 0
        if message.summary != other.summary:
            other.summary, other.count, other.listed = message.summary, message.count, set()
        if len(other.listed.union(message.checksums)) <= other.count:
            other.listed.update(message.checksums)
        self._ask_list(message.sender, other)
        self._ask()

    def _hear_parcel(self, parcel: Parcel) -> None:
        if parcel.checksum in self._asked:
            self._asked.remove(parcel.checksum)
            self._waited = 0
        why = self.shelf.refusal(parcel.item)
        if why:
            raise ValueError(f'of {parcel.robot!r}: {why}')
        if parcel.checksum not in self.shelf.known and not self._full:
            self._arrived[parcel.checksum] = parcel
        if not self._asked or len(self._arrived) >= AT_ONCE:
            self._take()
            self._ask()

    @property
    def _full(self) -> bool:
        """Nothing more went in, and nothing was forgotten since."""
        return self._stuck == self.shelf.version

    def _take(self) -> None:
        arrived, self._arrived = list(self._arrived.values()), {}
        for robot, parcels in groupby(sorted(arrived, key=lambda p: p.robot),
                                      key=lambda p: p.robot):
            try:
                news = self.shelf.take([parcel.item for parcel in parcels], robot)
            except StoreError as error:
                self._stuck, self.trouble = self.shelf.version, str(error)
                return
            self.trouble = ''
            for one in news:
                self._tell(one)
        if arrived:
            self.look()

    def _ask_list(self, sender: int, other: _Other) -> None:
        """Ask a robot that was just heard for its list, unless that cannot bring anything new."""
        whole = len(other.listed) == other.count or other.summary == self.shelf.summary
        untried = any(one not in self._tries for one in other.listed - self.shelf.known)
        if not (whole or untried or other.list_asked or self._full):
            other.list_asked = True
            self._want(sender, ())

    def _ask(self) -> None:
        """Ask one robot for something that is lacking, unless something is on its way."""
        if self._asked or self._full:
            return
        offers = []
        for sender, other in self._others.items():
            # What was asked for in vain comes last, so that it does not hold up the rest.
            lacking = sorted((self._tries.get(one, 0), one)
                             for one in other.listed - self.shelf.known)[:AT_ONCE]
            if lacking:
                offers.append((lacking[0][0], other.silent, sender, lacking))
        if offers:
            _, _, sender, lacking = min(offers)
            self._asked, self._waited = {one for _, one in lacking}, 0
            self._tries = {one: tries for one, tries in self._tries.items()
                           if one not in self.shelf.known}
            self._tries.update((one, tries + 1) for tries, one in lacking)
            self._want(sender, tuple(one for _, one in lacking))

    def _want(self, asked: int, checksums: tuple[bytes, ...]) -> None:
        self._send(Want(sender=self.sender, robot=self.robot, asked=asked, checksums=checksums))

    def _answer(self, want: Want) -> None:
        if not want.checksums:
            every = sorted(self.shelf.have)
            for begin in range(0, len(every), LISTED_AT_ONCE):
                self._have(every[begin:begin + LISTED_AT_ONCE])
        for checksum in want.checksums[:AT_ONCE]:
            item = self.shelf.item(checksum)
            if item is not None:
                self._send(Parcel(sender=self.sender, robot=self.robot, checksum=checksum,
                                  item=item))
