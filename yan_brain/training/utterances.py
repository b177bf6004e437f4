"""Utterances to padded batches of word pieces with their labels."""
from __future__ import annotations

from collections.abc import Sequence

import torch

from yan_brain.cognition.model import BrainConfig
from yan_brain.perception.language import Words
from yan_brain.training.language import Utterance
from yan_brain.training.losses import WordTargets


def collate(utterances: Sequence[Utterance], words: Words, config: BrainConfig) -> WordTargets:
    """Tokenise and pad on the right."""
    rows = [words.pieces(u.text) for u in utterances]
    length = max(len(r.ids) for r in rows)
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    mask, inside = torch.zeros(len(rows), length), torch.zeros(len(rows), length)
    for i, (row, said) in enumerate(zip(rows, utterances, strict=True)):
        ids[i, :len(row.ids)] = torch.tensor(row.ids)
        mask[i, :len(row.ids)] = 1
        start, end = _characters(said, row.text)
        for j, (first, last) in enumerate(row.spans):
            # A piece counts when its middle lies in the name: pieces carry a leading blank.
            inside[i, j] = float(start < last <= end and first < end)
    return WordTargets(
        ids=ids, mask=mask, inside=inside,
        skill=torch.tensor([config.skills.index(u.skill.value) for u in utterances]),
        direction=torch.tensor([u.direction + 1 for u in utterances]),
        has_amount=torch.tensor([float(u.amount_digits is not None) for u in utterances]),
        digits=torch.tensor([u.amount_digits or (0, 0, 0, 0) for u in utterances]),
        colour=torch.tensor([u.colour for u in utterances]),
        kind=torch.tensor([u.kind for u in utterances]),
        language=torch.tensor([float(u.language == 'zh') for u in utterances]))


def _characters(said: Utterance, text: str) -> tuple[int, int]:
    """The argument's place in characters of the text with its blanks collapsed."""
    raw = said.text.encode()
    name = ' '.join(raw[said.span[0]:said.span[1]].decode().split())
    if not name:
        return 0, 0
    before = ' '.join(raw[:said.span[0]].decode().split())
    start = text.find(name, max(len(before) - 1, 0))
    return start, start + len(name)
