"""A table of captions to a table of tags, which ``--data`` reads."""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

from mmwsl.datasets.own.layout import shown
from mmwsl.datasets.own.table_cells import read_cells
from mmwsl.datasets.weak_labels.captions import classes_in, english_lemma, with_lemmas
from mmwsl.files import check_writable, write_atomically


def caption_tags(captions: Path | str, words: Path | str, out: Path | str,
                 lemma: Callable[[str], str] = english_lemma) -> dict[str, int]:
    """Write the table ``file,tags`` of the classes that captions name, one row a photo, in any inflection.

    Photos whose captions name no class have an empty cell: none of the classes is known to be there. Paths stay as they
    are, so the table belongs where that of the captions lies.

    Args:
        captions: table with the columns ``file`` and ``caption``; a photo may have several rows.
        words: table ``word,class``: what stands for a class, of one or several words; or a text with a class a line.
        out: the table to write.
        lemma: a word -> its form in the dictionary.

    Returns:
        dict: class -> number of photos; under ``''`` those without any.

    Raises:
        FileNotFoundError: no such file.
        ValueError: other columns, a word of two classes, or no caption that names any class.
        ImportError: simplemma is not there.
    """
    out, names = check_writable(out), read_words(words)
    table = with_lemmas(names, lemma)
    classes = list(dict.fromkeys(names.values()))
    found: dict[str, list[str]] = {}
    for file, caption in _columns(Path(captions), ('file', 'caption')):
        tags = found.setdefault(file, [])
        tags += [label for label in classes_in(caption, table, lemma) if label not in tags]
    without = [file for file, tags in found.items() if not tags]
    if len(without) == len(found):
        raise ValueError(f'{captions}: none of the captions of {len(found)} photos names a class of {words} '
                         f'({shown(classes)}); add the words that they use there, as rows word,class')
    stream = io.StringIO(newline='')
    writer = csv.writer(stream, lineterminator='\n')
    writer.writerow(['file', 'tags'])
    writer.writerows([file, ';'.join(label for label in classes if label in tags)] for file, tags in found.items())
    write_atomically(out, stream.getvalue())
    return {label: sum(label in tags for tags in found.values()) for label in classes} | {'': len(without)}


def read_words(path: os.PathLike[str] | str) -> dict[str, str]:
    """Names -> classes, of a table ``word,class`` or of a text with a class a line.

    Raises:
        FileNotFoundError: no such file.
        ValueError: other columns, nothing in it, or a word of two classes.
    """
    path = Path(path)
    if path.suffix.lower() == '.txt':
        if not path.is_file():
            raise FileNotFoundError(f'{path} does not exist (looked for from {Path.cwd()})')
        lines = [line.strip() for line in path.read_text(encoding='utf-8-sig').splitlines() if line.strip()]
        if not lines:
            raise ValueError(f'{path} is empty; write a class on each line')
        return {line: line for line in lines}
    names: dict[str, str] = {}
    for word, label in _columns(path, ('word', 'class')):
        if names.setdefault(word, label) != label:
            raise ValueError(f'{path}: {word!r} stands for {names[word]} and for {label}; leave one of them out')
    return names


def _columns(path: Path, wanted: tuple[str, str]) -> list[tuple[str, str]]:
    """The two columns of a table, row by row.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it has other columns, or an empty cell in the first.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist (looked for from {Path.cwd()})')
    heading, rows, _ = read_cells(path)
    names = [name.strip().lower() for name in heading]
    if not set(wanted) <= set(names):
        raise ValueError(f'{path} has the columns {", ".join(heading)}; it needs {" and ".join(wanted)}')
    first, second = (names.index(name) for name in wanted)
    for number, row in rows:
        if not row[first] or not row[second] and wanted[1] == 'class':
            raise ValueError(f'{path}, row {number}: the {wanted[1] if row[first] else wanted[0]} is empty')
    return [(row[first], row[second]) for _, row in rows]
