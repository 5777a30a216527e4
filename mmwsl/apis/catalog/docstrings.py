"""What docstrings and signatures say: the first paragraph, the arguments with their defaults, the paper."""

import inspect
import re
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

_ENTRY = re.compile(r'(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: \([^)]*\))?: (.*)')
# names with a year: Wu et al., "...", 2018; Noroozi & Favaro (2016); (Girshick 2015)
_YEAR = r'(19|20)\d\d\b'
_PAPER = re.compile(rf'\bet al\b.*\b{_YEAR}|\b[A-Z]\w+ (&|and) [A-Z]\w+\W+{_YEAR}|\b[A-Z]\w+\W+{_YEAR}\)', re.S)


class Argument(NamedTuple):
    """An argument: ``name``, ``default`` as Python code (empty: it has none), ``meaning`` by the docstring."""

    name: str
    default: str
    meaning: str


def paragraphs(text: str | None) -> list[str]:
    """Paragraphs of a docstring, each on one line, without reStructuredText's marks."""
    plain = re.sub(r':\w+:`~?([^`]+)`', r'\1', inspect.cleandoc(text or '')).replace('``', '')
    return [' '.join(each.split()) for each in re.split(r'\n\s*\n', plain) if each.strip()]


def first_line(text: str | None) -> str:
    """The first line of a docstring; empty where there is none."""
    return next(iter(paragraphs((inspect.cleandoc(text or '').splitlines() or [''])[0])), '')


def meanings(text: str | None) -> dict[str, str]:
    """Argument -> what the docstring's ``Args:`` says of it, on one line."""
    section = re.search(r'^Args:\n((?:[ ]+.*\n?|\n)+)', inspect.cleandoc(text or ''), re.M)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in inspect.cleandoc(section[1]).splitlines() if section else ():
        entry = _ENTRY.match(line)
        if entry:
            names = [name.lstrip('*') for name in entry[1].split(', ')]
            found |= dict.fromkeys(names, entry[2])
        elif line.strip():
            found |= {name: f'{found[name]} {line.strip()}' for name in names}
    return {name: ' '.join(paragraphs(meaning)) for name, meaning in found.items()}


def arguments(item: Callable[..., Any]) -> list[Argument]:
    """Arguments of a class or function in the order of its signature; those that it hands on to a base come after.

    ``*args`` and ``**kwargs`` are left out.
    """
    found: dict[str, Argument] = {}
    for each in inspect.getmro(item) if inspect.isclass(item) else [item]:
        own = each.__dict__.get('__init__') if inspect.isclass(each) else each
        if own is None or each is object:
            continue
        try:
            parameters = inspect.signature(own).parameters.values()
        except (TypeError, ValueError):  # compiled
            break
        said = meanings(each.__doc__) | meanings(own.__doc__ if own is not each else None)
        for parameter in parameters:
            if parameter.name in found:  # a base says it, perhaps, where the class does not
                known = found[parameter.name]
                found[parameter.name] = known._replace(meaning=known.meaning or said.get(known.name, ''))
            elif parameter.name != 'self' and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                default = '' if parameter.default is parameter.empty else repr(parameter.default)
                found[parameter.name] = Argument(parameter.name, default, said.get(parameter.name, ''))
        if all(parameter.kind != parameter.VAR_KEYWORD for parameter in parameters):
            break
    return list(found.values())


def paper(item: Callable[..., Any]) -> str:
    """The sentence with authors and year in the docstring of a class, or else of its module; empty if there is none."""
    module = sys.modules.get(getattr(item, '__module__', ''))
    for text in (item.__doc__, module.__doc__ if module else None):
        for paragraph in paragraphs((text or '').split('\nArgs:')[0]):
            for sentence in re.split(r'(?<=[.:;]) (?=[A-Z])(?<!al\. )', paragraph):
                if _PAPER.search(sentence):
                    return sentence
    return ''
