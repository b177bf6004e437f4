"""More ways to say things, for training alone: `phrasings_en.txt` and `phrasings_zh.txt`.

One template a line, in the notation of `language_grammar`, below the name of its skill in
brackets; `[undo]` belongs to forgetting. Whoever wrote them had not seen the templates that are
kept for evaluation.
"""
from __future__ import annotations

from importlib.resources import files

from yan_brain.signals import Skill

_ALSO = {'undo': Skill.FORGET}


def phrasings(language: str) -> dict[Skill, list[str]]:
    """The templates of a language by skill.

    Raises:
        ValueError: a line before the first heading, or a heading that names no skill.
    """
    found: dict[Skill, list[str]] = {}
    current: list[str] | None = None
    name = f'phrasings_{language}.txt'
    text = (files('yan_brain.training') / name).read_text(encoding='utf-8')
    for number, written in enumerate(text.splitlines(), 1):
        line = written.strip()
        if not line or line.startswith('#'):
            continue
        if line.startswith('[') and line.endswith(']'):
            heading = line[1:-1]
            try:
                skill = _ALSO.get(heading) or Skill(heading)
            except ValueError:
                raise ValueError(f'{name} line {number}: {heading!r} is no skill') from None
            current = found.setdefault(skill, [])
        elif current is None:
            raise ValueError(f'{name} line {number}: {line!r} stands before the first [skill]')
        else:
            current.append(line)
    return found
