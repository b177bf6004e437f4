"""Decode speed at the same total of parameters and the same vocabulary, context by context."""
from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from yan_brain.cognition.text import TextModel
from yan_brain.evaluation.core_bench import llama_cpp, ours, peer_decode
from yan_brain.evaluation.core_bench.groups import CONTEXTS, Budget, Found
from yan_brain.evaluation.core_bench.timing import read_bandwidth, seconds_each
from yan_brain.evaluation.report import Result
from yan_brain.training import peers
from yan_brain.training.text_corpus import CorpusError, load
from yan_brain.training.text_vocabulary import load_tokens

TOKENS = 32                      # written at a context; also the room of a static cache
Q4_LONGEST = 8192                # SmolLM2 was made for so many
TEXT_BYTES = 100_000             # of English validation text, to count tokens on


@dataclass(frozen=True)
class Speed:
    """Tokens a second, or why not."""

    tokens_per_s: float | None
    note: str


def measure(budget: Budget) -> Iterator[Found]:
    """All of `decode.*`: ours and the bandwidth first, then peer by peer."""
    torch.set_num_threads(budget.threads)
    contexts = CONTEXTS[:2] if budget.quick else CONTEXTS
    mine, found = _all_of_ours(contexts, budget)
    yield found
    scale, text_note = _text_scale(budget)
    for peer in peers.NAMES:
        why = peers.missing(peer)
        theirs = ({context: Speed(None, why) for context in contexts} if why
                  else _peer(peer, contexts, budget))
        found = Found()
        for context in contexts:
            found.results.append(
                _result(context, peer, mine[context], theirs[context], scale, text_note))
            speed = theirs[context].tokens_per_s
            if speed:
                found.point('decode', peer, context, speed)
        if budget.quick:
            found.results += [Result(name=f'decode.ctx{context}.{peer}', value=None,
                                     note='left out by --quick') for context in CONTEXTS[2:]]
        yield found
        gc.collect()


def _all_of_ours(contexts: tuple[int, ...], budget: Budget) -> tuple[dict[int, Speed], Found]:
    shape, found = peers.LlamaShape(), Found()
    brain = ours.model('base', shape.vocabulary)
    mine = {context: _ours(brain, context, budget) for context in contexts}
    for context, speed in mine.items():
        found.point('decode', 'ours', context, speed.tokens_per_s or 0.0)
    bandwidth, size = read_bandwidth(budget.threads), ours.bytes_per_token(brain)
    best = max(speed.tokens_per_s or 0.0 for speed in mine.values())
    found.results.append(Result(
        name='decode.bandwidth_fraction', value=best * size / bandwidth, unit='fraction',
        note=f'{best:.0f} tokens/s; {size / 1e6:.0f} MB read a token (the Llama: '
             f'{4 * shape.parameters / 1e6:.0f} MB and its cache), {bandwidth / 1e9:.1f} GB/s '
             'read bandwidth'))
    return mine, found


def _result(context: int, peer: str, mine: Speed, theirs: Speed, scale: tuple[float, float] | None,
            text_note: str) -> Result:
    """One figure; SmolLM2 is compared by bytes of text, all others by tokens."""
    name, unit = f'decode.ctx{context}.{peer}', 'tokens/s'
    value, baseline, note = mine.tokens_per_s, theirs.tokens_per_s, theirs.note
    if peer == 'llama_cpp_q4':
        if scale is None:
            return Result(name=name, value=None, note=text_note)
        unit, note = 'bytes/s', f'{note}; {text_note}'
        value = value * scale[0] if value else value
        baseline = baseline * scale[1] if baseline else baseline
    return Result(name=name, value=value, unit=unit, baseline=baseline,
                  ratio=value / baseline if value and baseline else None,
                  note=f'ours {mine.note}; {note}')


def _ours(brain: TextModel, context: int, budget: Budget) -> Speed:
    state = ours.read(brain, brain.initial_state(), context)
    ways = {way: 1 / seconds_each(step, budget_s=0.5 if budget.quick else 3.0, least=8)
            for way, step in ours.steppers(brain, state, budget.threads)}
    way = max(ways, key=ways.__getitem__)
    return Speed(ways[way], way)


def _peer(peer: str, contexts: tuple[int, ...], budget: Budget) -> dict[int, Speed]:
    try:
        if peer.startswith('llama_cpp'):
            return _llama_cpp(peer, contexts, budget)
        return _on_torch(peer, contexts, budget)
    except (RuntimeError, ImportError, OSError, ValueError) as error:
        return {context: Speed(None, f'failed: {error}'[:200]) for context in contexts}


def _llama_cpp(peer: str, contexts: tuple[int, ...], budget: Budget) -> dict[int, Speed]:
    tokens = 8 if budget.quick else TOKENS
    longest = Q4_LONGEST - tokens - 8 if peer == 'llama_cpp_q4' else max(contexts)
    asked = {context: min(context, longest) for context in contexts
             if peer != 'llama_cpp_q4' or context <= Q4_LONGEST}
    counts = (budget.threads,) if budget.quick or budget.threads == 1 else (
        budget.threads, budget.threads // 2)
    timings, _ = llama_cpp.measure('smollm2' if peer == 'llama_cpp_q4' else 'f32',
                                   sorted(set(asked.values())), counts, tokens)
    known = {timing.context: timing for timing in timings}
    speeds = {context: Speed(None, f'made for {Q4_LONGEST} tokens: no figure at this context')
              for context in contexts}
    for context, real in asked.items():
        timing = known[real]
        speeds[context] = Speed(timing.tokens_per_s, (
            f'flash attention {"on" if timing.flash else "off"}, {timing.threads} threads'
            + (f', at {real} tokens' if real != context else '')
            + (', cache filled by repeated state' if timing.filled != 'prompt' else '')))
    return speeds


def _on_torch(peer: str, contexts: tuple[int, ...], budget: Budget) -> dict[int, Speed]:
    found: dict[int, Speed] = {}
    budget_s = 0.5 if budget.quick else 3.0
    with torch.inference_mode():
        model = peer_decode.full_size(peer, peers.LlamaShape(), max(contexts))
        for context in contexts:
            if peer != 'hf_llama' and found:
                found[context] = found[contexts[0]]     # their state has one size
                continue
            ways = {}
            for way, make in peer_decode.ways(peer, model, context, TOKENS):
                ways[way] = 1 / seconds_each(make(), budget_s=budget_s, least=2)
                gc.collect()
            way = max(ways, key=ways.__getitem__)
            found[context] = Speed(ways[way], way)
    return found


def _text_scale(budget: Budget) -> tuple[tuple[float, float] | None, str]:
    """Bytes of English text a token stands for: ours and SmolLM2's; None and why not."""
    why = peers.missing('llama_cpp_q4')
    if why:
        return None, why
    try:
        vocabulary, _ = load_tokens(budget.text)
        text = '\n'.join(document.text for document in load(budget.text)
                         if document.validation and document.language == 'en')
    except CorpusError as error:
        return None, str(error)
    text = text.encode()[:TEXT_BYTES].decode(errors='ignore')
    _, (theirs,) = llama_cpp.measure('smollm2', (32,), (budget.threads,), 4, (text,))
    mine = len(vocabulary.encode([text])[0])
    size = len(text.encode())
    return (size / mine, size / theirs), (
        f'{size / mine:.2f} bytes a token of ours, {size / theirs:.2f} of SmolLM2, on English '
        'validation text')
