"""Speech to text, offline: the `Recogniser` protocol and Moonshine on onnxruntime.

Moonshine (Jeffries et al. 2024, arXiv:2410.15608) is an encoder-decoder over raw samples whose
cost follows the length of the sound, which suits short commands. The model files come with the
package `moonshine-voice` (tiny-en, MIT), of which nothing but the files is used: onnxruntime
runs them here with one thread, so that the control loop keeps its core.
"""
from __future__ import annotations

import importlib.util
import math
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from yan_brain.perception.phrasing import Phrasing, Said
from yan_brain.settings import check, setting

RATE_HZ = 16_000
SHORTEST_S = 0.1                        # less holds no word, and the convolutions need it
LONGEST_S = 30.0                        # what Moonshine was trained on
FIRST, LAST = 1, 2                      # token ids of <s> and </s>
TOKENS_PER_S = 6.5                      # above it Moonshine repeats itself (its own paper's limit)
LEAST_TOKENS = 6                        # so that one short word is not cut off
LIKELIEST = 30                          # tokens tried after each reading
LOOK_AHEAD = 4                          # pieces that a reading may still gain a bonus for
_PAST = re.compile(r'past_key_values\.(\d+)\.(decoder|encoder)\.(key|value)')
_WORDS = re.compile('[A-Za-z0-9]')
_MARKS = "\u2581 .,;:?!'-"
_BYTE = re.compile(r'<0x([0-9A-Fa-f]{2})>')


_Past = dict[str, NDArray[np.float32]]


class Hypothesis(NamedTuple):
    """One reading of the sound, half written or ended by LAST."""

    score: float = 0.0
    tokens: tuple[int, ...] = (FIRST,)
    said: Said = Said()
    words: bool = False                 # whether the last token held a letter or digit


class Recogniser(Protocol):
    """Anything that turns one utterance into text."""

    def transcribe(self, samples: NDArray[np.int16]) -> str:
        """The words in `samples`, (n,) int16 at 16 kHz; '' when there are none."""
        ...


class RecogniserMissing(RuntimeError):
    """The model's files are not on this machine. The text says how to get them."""


class RecogniserFailed(RuntimeError):
    """The model broke on this sound."""


class RecogniserSlow(RuntimeError):
    """Recognition took longer than its limit and was given up."""


@dataclass(frozen=True, kw_only=True)
class MoonshineConfig:
    """Which Moonshine, and how many threads it may take."""

    folder: str = setting('', 'folder with encoder_model, decoder_model_merged (.ort or .onnx) '
                          'and tokenizer.bin; empty: the one in the package moonshine-voice')
    threads: int = setting(1, 'threads for recognition', minimum=1, maximum=64)
    beam: int = setting(5, 'readings followed at the same time; 1 is greedy',
                        minimum=1, maximum=32)
    prior_weight: float = setting(0.2, 'say of the phrasing beside the sound; 0: none',
                                  minimum=0.0, maximum=2.0)
    prior_limit: float = setting(5.0, 'the most that the phrasing may count against one piece of '
                                 'a word, in nats', minimum=0.0, maximum=50.0)
    word_bonus: float = setting(1.2, 'for each piece of a word, in nats: against lost words',
                                minimum=0.0, maximum=5.0)
    limit_s: float = setting(20.0, 'an utterance that takes longer is given up',
                             minimum=0.1, maximum=120.0)

    def __post_init__(self) -> None:
        check(self)


class Moonshine:
    """Moonshine by onnxruntime. Loads in about a third of a second; call from one thread.

    Raises RecogniserMissing when a file is absent.
    """

    def __init__(self, config: MoonshineConfig | None = None,
                 phrasing: Phrasing | None = None) -> None:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as state

        # They are no RuntimeErrors, and have no common base but Exception.
        self._failures = (state.Fail, state.InvalidArgument, state.InvalidGraph,
                          state.InvalidProtobuf, state.RuntimeException)
        config = config or MoonshineConfig()
        folder = Path(config.folder) if config.folder else bundled_folder()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = config.threads
        options.inter_op_num_threads = 1
        # Waiting threads would spin on the core that the control loop needs.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')

        def session(stem: str) -> Any:
            path = _model_file(folder, stem)
            try:
                return onnxruntime.InferenceSession(str(path), options,
                                                    providers=['CPUExecutionProvider'])
            except self._failures as error:
                raise RecogniserMissing(f'no speech model: {path} cannot be read ({error}); '
                                        'install moonshine-voice again') from error

        self._config = config
        self._phrasing = phrasing
        self._pieces = _read_pieces(folder / 'tokenizer.bin')
        self._texts = [piece.decode('utf-8', 'replace') for piece in self._pieces]
        self._encoder = session('encoder_model')
        self._decoder = session('decoder_model_merged')
        self._past_shapes = {
            port.name: (int(port.shape[1]), int(port.shape[3]))
            for port in self._decoder.get_inputs() if _PAST.fullmatch(port.name)}
        self._encoder_ports = {port.name for port in self._encoder.get_inputs()}
        self._decoder_ports = {port.name for port in self._decoder.get_inputs()}
        self._outputs = [port.name for port in self._decoder.get_outputs()]

    def transcribe(self, samples: NDArray[np.int16]) -> str:
        """The words in `samples`, (n,) int16 at 16 kHz, 0.1 to 30 s; '' when there are none.

        Raises ValueError for another type or shape, RecogniserSlow, RecogniserFailed; a shorter
        or longer sound is padded with silence or cut at its end.
        """
        if not isinstance(samples, np.ndarray) or samples.dtype != np.int16 or samples.ndim != 1:
            raise ValueError(f'transcribe wants a (n,) int16 array at {RATE_HZ} Hz, not '
                             f'{_name(samples)}; scale floats by 32767 and round')
        if not samples.any():
            return ''
        wave = samples[:int(LONGEST_S * RATE_HZ)].astype(np.float32) / 32768.0
        missing = int(SHORTEST_S * RATE_HZ) - wave.size
        wave = np.pad(wave, (0, max(0, missing)))
        seconds = wave.size / RATE_HZ
        limit = max(LEAST_TOKENS, int(seconds * TOKENS_PER_S) + 1)
        try:
            return self._text(self._search(self._encode(wave), limit).tokens)
        except self._failures as error:
            raise RecogniserFailed(f'the speech model failed on {seconds:.1f} s of sound: '
                                   f'{error}') from error

    def _encode(self, wave: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) samples to (1, frames, width)."""
        feed: dict[str, Any] = {'input_values': wave[None]}
        if 'attention_mask' in self._encoder_ports:
            feed['attention_mask'] = np.ones((1, wave.size), np.int64)
        states: NDArray[np.float32] = self._encoder.run(None, feed)[0]
        return states

    def _begin(self) -> _Past:
        """The decoder's cache before its first token."""
        return {name: np.zeros((1, heads, 0 if '.decoder.' in name else 1, width), np.float32)
                for name, (heads, width) in self._past_shapes.items()}

    def _step(self, states: NDArray[np.float32], last: list[int], past: _Past,
              first: bool) -> tuple[NDArray[np.float32], _Past]:
        """One token after each of `last`: log chances (beam, tokens) and the new cache."""
        feed: dict[str, Any] = {
            'input_ids': np.array(last, np.int64)[:, None],
            'encoder_hidden_states': np.repeat(states, len(last), 0),
            'use_cache_branch': np.array([not first]), **past}
        if 'encoder_attention_mask' in self._decoder_ports:
            # The model takes every 384th of what is meant as a mask of samples: all is heard.
            feed['encoder_attention_mask'] = np.ones((len(last), 1), np.int64)
        out = dict(zip(self._outputs, self._decoder.run(None, feed), strict=True))
        scores = out['logits'][:, -1]
        scores = scores - scores.max(1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(1, keepdims=True))
        # With the cache in use the encoder's part comes back empty: keep the first one.
        return scores, {name: out[name.replace('past_key_values', 'present')]
                        if first or '.decoder.' in name else past[name] for name in past}

    def _search(self, states: NDArray[np.float32], limit: int) -> Hypothesis:
        """The best of a beam: the sound's log chance plus the phrasing's, weighted.

        Shallow fusion (Gulcehre et al. 2015): the phrasing decides between what sounds alike. Its
        say on one token is limited, so that a word it does not know can still be heard.
        """
        past, live = self._begin(), [Hypothesis()]
        ended: list[Hypothesis] = []
        latest_s = time.monotonic() + self._config.limit_s
        for step in range(limit):
            if time.monotonic() > latest_s:  # half of an order is worse than none
                raise RecogniserSlow(f'recognition took more than {self._config.limit_s:g} s and '
                                     'was given up; the machine is too busy, or lower beam')
            scores, past = self._step(states, [h.tokens[-1] for h in live], past, step == 0)
            grown = sorted(((row, longer) for row, old in enumerate(live)
                            for longer in self._grow(old, scores[row])),
                           key=lambda pair: -pair[1].score)
            ended += [new for _, new in grown[:2 * self._config.beam] if new.tokens[-1] == LAST]
            kept = [pair for pair in grown if pair[1].tokens[-1] != LAST][:self._config.beam]
            live = [new for _, new in kept]
            best = max((h.score for h in ended), default=-math.inf)
            if not live or best >= live[0].score + LOOK_AHEAD * self._config.word_bonus:
                break                   # chances only fall: nothing alive will overtake
            past = {name: cache[[row for row, _ in kept]] for name, cache in past.items()}
        return max(ended or live, key=lambda h: h.score)

    def _grow(self, old: Hypothesis, scores: NDArray[np.float32]) -> Iterator[Hypothesis]:
        """`old` with each of the likeliest next tokens that a speaker of English may say."""
        least, weight = -self._config.prior_limit, self._config.prior_weight
        for token in map(int, np.argpartition(-scores, LIKELIEST)[:LIKELIEST]):
            piece, said, prior = self._texts[token], old.said, 0.0
            words = bool(_WORDS.search(piece))
            if token != LAST and not words and (not old.words or piece.strip(_MARKS)):
                continue                # mark after mark is how the model fills a doubt
            if self._phrasing and token == LAST:
                prior = self._phrasing.close(said)
            elif self._phrasing:
                said, prior = self._phrasing.write(said, piece)
            gain = max(weight * prior, least) + (self._config.word_bonus if words else 0.0)
            yield Hypothesis(
                score=old.score + float(scores[token]) + gain,
                tokens=(*old.tokens, token), said=said, words=words)

    def _text(self, tokens: Iterable[int]) -> str:
        raw = b''.join(self._pieces[token] for token in tokens if token > LAST)
        text = raw.decode('utf-8', 'replace').replace('\u2581', ' ').strip()
        return text if _WORDS.search(text) else ''


def bundled_folder() -> Path:
    """Where `moonshine-voice` keeps tiny-en. Raises RecogniserMissing when it is not there."""
    spec = importlib.util.find_spec('moonshine_voice')  # found, not imported: it pulls in much
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / 'assets' / 'tiny-en'
        if folder.is_dir():
            return folder
    raise RecogniserMissing(
        'no speech model: the package moonshine-voice with its folder assets/tiny-en is not '
        'installed; pip install --no-deps moonshine-voice==0.0.59 (the last but one to carry it)')


def bundled_phrasing() -> Phrasing | None:
    """What instructions in English sound like; None when it was never learned (see
    `yan_brain.training.speech_text`)."""
    path = Path(__file__).parent / 'phrasing_en.npz'
    return Phrasing.load(path) if path.is_file() else None


def _model_file(folder: Path, stem: str) -> Path:
    for ending in ('.ort', '.onnx'):
        if (folder / (stem + ending)).is_file():
            return folder / (stem + ending)
    raise RecogniserMissing(f'no speech model: {folder} holds neither {stem}.ort nor {stem}.onnx; '
                            'set moonshine.folder to a folder that does, or leave it empty')


def _read_pieces(path: Path) -> list[bytes]:
    """The texts of all tokens: a length of one or two bytes (low seven bits first), then UTF-8."""
    if not path.is_file():
        raise RecogniserMissing(f'no speech model: {path} is missing')
    raw, at, pieces = path.read_bytes(), 0, []
    while at < len(raw):
        size = raw[at]
        at += 1
        if size >= 128:
            size += (raw[at] - 1) * 128
            at += 1
        pieces.append(raw[at:at + size])
        at += size
    for token, piece in enumerate(pieces):
        match = _BYTE.fullmatch(piece.decode('utf-8', 'replace'))
        if match:
            pieces[token] = bytes([int(match[1], 16)])
    return pieces


def _name(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f'{value.dtype} array of shape {value.shape}'
    return f'{type(value).__name__}'
