"""The kinds of things that have a name in configs, and the names of each, those of plugins too."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from mmwsl import registry
from mmwsl.apis.catalog.docstrings import first_line
from mmwsl.apis.catalog.keys import nearest, registries
from mmwsl.models.base import Model

# kind -> registries; of MODELS, which holds every network part, see below
SHELVES: dict[str, tuple[registry.Registry, ...]] = {
    'backbones': (registry.BACKBONES, ), 'necks': (registry.NECKS, ), 'heads': (registry.HEADS, registry.WEAK_HEADS),
    'losses': (registry.LOSSES, ), 'memories': (registry.MEMORIES, ), 'protocols': (registry.PROTOCOLS, ),
    'views': (registry.VIEWS, ), 'datasets': (registry.DATASETS, ), 'transforms': (registry.TRANSFORMS, ),
    'samplers': (registry.DATA_SAMPLERS, ), 'metrics': (registry.METRICS, ), 'hooks': (registry.HOOKS, ),
    'optimizers': (registry.OPTIMIZERS, ),
    'others': (registry.LOOPS, registry.PARAM_SCHEDULERS, registry.OPTIM_WRAPPERS, registry.OPTIM_WRAPPER_CONSTRUCTORS,
               registry.FUNCTIONS, registry.TASK_UTILS, registry.WEIGHT_INITIALIZERS, registry.RUNNERS)}
MEANINGS = dict(
    methods='what learns without labels or from weak ones', supervised='what benchmarks and second stages train',
    backbones='images in, feature maps out', necks='from feature maps to what a method compares',
    heads='from features to predictions and their losses', losses='losses as modules',
    memories='what a method keeps of earlier batches', parts='what else networks are made of',
    protocols='ways to evaluate a checkpoint', views='what makes the views of a batch',
    datasets='readers of files, sets made on the fly, wrappers', transforms="steps of a data set's pipeline",
    samplers='orders of images', metrics='what test_evaluator names', hooks='what custom_hooks names',
    optimizers="beside torch's own", others='loops, schedules, wrappers, functions, initializers')


class Entry(NamedTuple):
    """A registered name: ``kind``, ``name``, and the class or function behind it."""

    kind: str
    name: str
    item: Callable[..., Any]

    @property
    def summary(self) -> str:
        """First line of its docstring."""
        return first_line(self.item.__doc__)


def entries(kind: str | None = None) -> list[Entry]:
    """What is registered, by kind and name; plugins are loaded.

    Args:
        kind: one of :data:`MEANINGS`; None = all.

    Raises:
        ValueError: an unknown kind; the message lists them.
    """
    if kind is not None and kind not in MEANINGS:
        near = nearest(kind, MEANINGS, 0.6)
        raise ValueError(f'there is no kind {kind!r}' + (f'; did you mean {near}?' if near else '')
                         + f' Kinds are {", ".join(MEANINGS)}')
    registries()  # filled
    names: dict[str, dict[str, Any]] = {each: {} for each in MEANINGS}
    for each, shelves in SHELVES.items():
        for shelf in shelves:
            names[each] |= shelf.module_dict
    shelved = {name for each in names.values() for name in each}
    for name, item in registry.MODELS.module_dict.items():
        if name in registry.PRETEXTS.module_dict or name not in shelved:
            names[_kind_of_model(name, item)][name] = item
    return [Entry(each, name, item) for each in MEANINGS if kind in (None, each)
            for name, item in sorted(names[each].items(), key=lambda pair: pair[0].lower())]


def inherited() -> list[Entry]:
    """What mmengine's registries add to ours: its hooks, torch's optimizers and so on."""
    return [Entry(f"mmengine's {each.name} registry", name, item) for each in registries() if each.parent is not None
            for name, item in each.parent.module_dict.items()]


def _kind_of_model(name: str, item: Any) -> str:
    if name in registry.PRETEXTS.module_dict:
        return 'methods'
    if not inspect.isclass(item) or not issubclass(item, Model):
        return 'parts'
    return 'supervised' if item.__module__.startswith('mmwsl.models.supervised') else 'methods'


def list_kinds() -> str:
    """A line for every kind: its name, how many there are, what it is."""
    found = [entry.kind for entry in entries()]
    return ''.join(f'{kind:<11} {found.count(kind):>3}  {meaning}\n' for kind, meaning in MEANINGS.items())


def list_names(kind: str, part: str = '') -> str:
    """A line for every name of a kind: the name, and the first line of its docstring.

    Args:
        kind: see :func:`entries`.
        part: only names and lines that contain this, in any case.
    """
    shown = [entry for entry in entries(kind) if part.lower() in f'{entry.name} {entry.summary}'.lower()]
    width = max([len(entry.name) for entry in shown], default=0)
    return ''.join(f'{entry.name:<{width}}  {entry.summary}'.rstrip() + '\n' for entry in shown)
