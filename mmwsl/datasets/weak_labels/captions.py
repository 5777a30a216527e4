"""Tags from captions: the words of a caption, as a dictionary has them, that stand for a class."""

import functools
import re
from collections.abc import Callable, Mapping

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def english_lemma(word):
    """The form of an English word that a dictionary has, by simplemma, whose word lists come with it.

    Raises:
        ImportError: simplemma is not there.
    """
    return _simplemma().lemmatize(word, lang='en').lower()


@functools.cache
def _simplemma():
    try:
        import simplemma
    except ImportError:
        raise ImportError('captions need the dictionary of simplemma, which has no data to fetch: pip install '
                          'simplemma') from None
    return simplemma


def classes_in(caption, words, lemma: Callable[[str], str] = english_lemma):
    """The classes that a caption names, in the order of its words.

    Of several names that begin at a word the longest counts, and what it took counts for no other: *hot dogs* are a hot
    dog and no dog.

    Args:
        caption: text.
        words: dict of a name, of one or several words -> class; see :func:`with_lemmas`.
        lemma: a word in lower case -> its form in the dictionary.
    """
    plain = [word.lower() for word in WORD.findall(caption)]
    forms = [lemma(word) for word in plain]
    longest, found, position = max((len(name) for name in words), default=0), [], 0
    while position < len(plain):
        for length in range(min(longest, len(plain) - position), 0, -1):
            part = slice(position, position + length)
            label = words.get(tuple(plain[part]), words.get(tuple(forms[part])))
            if label is not None:
                if label not in found:
                    found.append(label)
                break
        else:
            length = 1
        position += length
    return found


def with_lemmas(names: Mapping[str, str], lemma: Callable[[str], str] = english_lemma):
    """A word list for :func:`classes_in`: the words of each name as they are and as a dictionary has them -> class.

    Args:
        names: dict of a name -> class; a class without a name of its own is its own name.

    Raises:
        ValueError: a name without a word, or one name of two classes.
    """
    words: dict[tuple[str, ...], str] = {}
    for name, label in [*names.items(), *((label, label) for label in dict.fromkeys(names.values()))]:
        plain = tuple(word.lower() for word in WORD.findall(name))
        if not plain:
            raise ValueError(f'the name {name!r} of the class {label} has no word; give it one')
        for form in (plain, tuple(lemma(word) for word in plain)):
            if words.setdefault(form, label) != label:
                raise ValueError(f'{" ".join(form)!r} stands for {words[form]} and for {label}; leave one of them out')
    return words
