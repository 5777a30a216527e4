"""Every registry of mmwsl, as children of mmengine's.

``MODELS`` is the one registry of network parts. ``BACKBONES``, ``NECKS``, ``HEADS``, ``LOSSES``, ``MEMORIES``,
``PRETEXTS`` and ``WEAK_HEADS`` are names people know: each lists its own classes and puts them into ``MODELS`` as well,
so a plain name, the ``mmwsl.`` prefix and mmengine's Runner all find them.

Third parties add classes with ``custom_imports`` in a config, or with a package that has an entry point in the group
``mmwsl.plugins``; entry points are loaded when a registry is first asked for a name.
"""

import difflib
import inspect
import re
import warnings
from importlib.metadata import entry_points

from mmengine import registry as mmengine_registry
from mmengine.registry import Registry as _MMEngineRegistry

PLUGIN_GROUP = 'mmwsl.plugins'
_plugins_loaded = False


def load_plugins():
    """Import every installed entry point of the group ``mmwsl.plugins``, once per process.

    A plugin that fails to import is skipped with a warning that names it, so one broken package does not take the
    toolbox down.
    """
    global _plugins_loaded
    if _plugins_loaded:
        return
    _plugins_loaded = True  # set first: a plugin that uses a registry while it is imported must not come back here
    for entry_point in entry_points(group=PLUGIN_GROUP):
        try:
            plugin = entry_point.load()
            if callable(plugin) and not isinstance(plugin, type):  # a class registered itself at import
                plugin()
        except Exception as error:  # a third party's import may fail in any way
            warnings.warn(f'mmwsl plugin {entry_point.name!r} ({entry_point.value}) could not be loaded and is '
                          f'skipped: {type(error).__name__}: {error}', stacklevel=2)


def accepted_arguments(kind):
    """Names of the arguments that a class, with its bases as far as it hands ``**kwargs`` on, or a function takes.

    Returns:
        set: of str; None where any name is taken, or nothing is known.
    """
    names = set()
    for each in inspect.getmro(kind) if inspect.isclass(kind) else [kind]:
        own = each.__dict__.get('__init__') if inspect.isclass(each) else each
        if own is None:
            continue
        try:
            parameters = inspect.signature(own).parameters.values()
        except (TypeError, ValueError):  # compiled
            return None
        names |= {parameter.name for parameter in parameters if parameter.kind in (
            parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)} - {'self'}
        if all(parameter.kind != parameter.VAR_KEYWORD for parameter in parameters):
            return names
    return None


class Registry(_MMEngineRegistry):
    """mmengine's registry, with plugins loaded on first use and the nearest known names in the error."""

    def import_from_location(self):
        super().import_from_location()
        load_plugins()

    def _find(self, key):
        try:
            return super().get(key)
        except RuntimeError as error:
            if str(error) != f'Failed to get {key}':  # mmengine's word for an unknown name, which names no alternative
                raise
            return None

    def get(self, key):
        """Return the class registered under ``key``.

        Raises:
            KeyError: nothing is registered under that name; the message lists the nearest names.
        """
        found = self._find(key)
        if found is None:
            raise KeyError(self._unknown(key))
        return found

    def __contains__(self, key):
        return self._find(key) is not None

    def build(self, cfg, *args, **kwargs):
        """Build what ``cfg`` says.

        Raises:
            TypeError: the class has no such argument; the message has the nearest that it has.
        """
        try:
            return super().build(cfg, *args, **kwargs)
        except TypeError as error:
            unknown = re.search(r"unexpected keyword argument '(\w+)'$", str(error))
            if unknown is None or unknown[1] not in cfg:  # of what is within, say
                raise
            kind = self.get(cfg['type']) if isinstance(cfg['type'], str) else cfg['type']
            near = difflib.get_close_matches(unknown[1], accepted_arguments(kind) or (), n=1)
            if not near:
                raise
            raise TypeError(f'{error}; did you mean {near[0]}?') from error

    def _unknown(self, key):
        scope, name = self.split_scope_key(key)
        if scope not in (None, self.scope):
            return (f'{key!r} is not in the {self.name} registry: is the package {scope!r} installed, and does it '
                    f'register {name!r}? (custom_imports in the config imports a module before names are resolved)')
        known = set(self.module_dict)
        if self.parent is not None:
            known |= set(self.parent.module_dict)
        near = difflib.get_close_matches(name, known, n=4, cutoff=0.5)
        folded = [other for other in known if other.lower() == name.lower()]
        near = list(dict.fromkeys(folded + near))
        hint = f'Nearest known names: {", ".join(near)}.' if near else f'Known names: {", ".join(sorted(known)[:40])}.'
        return (f'{name!r} is not in the {self.scope}::{self.name} registry. {hint} A class of your own must be '
                'imported first: name its module in custom_imports, or install its plugin package.')


class ModelRegistry(Registry):
    """A named shelf of :data:`MODELS`: lists its own classes, resolves every model name.

    It has no parent on purpose: mmengine refuses two children of one scope under one root, and a child of another
    scope would not be found by its plain name.
    """

    def __init__(self, name):
        super().__init__(name, scope='mmwsl')

    def _register_module(self, module, module_name=None, force=False):
        super()._register_module(module, module_name, force)
        MODELS._register_module(module, module_name, force)

    def import_from_location(self):
        MODELS.import_from_location()

    def get(self, key):
        return MODELS.get(key)

    def __contains__(self, key):
        return key in MODELS

    def build(self, cfg, *args, **kwargs):
        return MODELS.build(cfg, *args, **kwargs)


def _child(name, parent, *locations):
    return Registry(name, parent=getattr(mmengine_registry, parent), scope='mmwsl', locations=list(locations))


class ViewRegistry(Registry):
    """Views of a whole batch: tensors (B, C, H, W) in [0, 1] in and out. :data:`TRANSFORMS` are dict to dict.

    For one release a name that is registered as a transform only is found too, as views were in version 0.1.
    """

    def _find(self, key):
        found = super()._find(key)
        if found is None and (found := TRANSFORMS._find(key)) is not None:
            warnings.warn(f'{key} is registered in TRANSFORMS; register a view of the data preprocessor in VIEWS '
                          '(from mmwsl.registry import VIEWS), TRANSFORMS will not be looked in from the next release '
                          'on', DeprecationWarning, stacklevel=3)
        return found


RUNNERS = _child('runner', 'RUNNERS', 'mmwsl.engine')
RUNNER_CONSTRUCTORS = _child('runner constructor', 'RUNNER_CONSTRUCTORS', 'mmwsl.engine')
STRATEGIES = _child('strategy', 'STRATEGIES', 'mmwsl.engine')
LOOPS = _child('loop', 'LOOPS', 'mmwsl.engine')
HOOKS = _child('hook', 'HOOKS', 'mmwsl.engine')
LOG_PROCESSORS = _child('log processor', 'LOG_PROCESSORS', 'mmwsl.engine')
OPTIMIZERS = _child('optimizer', 'OPTIMIZERS', 'mmwsl.engine')
OPTIM_WRAPPERS = _child('optimizer wrapper', 'OPTIM_WRAPPERS', 'mmwsl.engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child('optimizer wrapper constructor', 'OPTIM_WRAPPER_CONSTRUCTORS', 'mmwsl.engine')
PARAM_SCHEDULERS = _child('parameter scheduler', 'PARAM_SCHEDULERS', 'mmwsl.engine')

DATASETS = _child('dataset', 'DATASETS', 'mmwsl.datasets')
DATA_SAMPLERS = _child('data sampler', 'DATA_SAMPLERS', 'mmwsl.datasets')
TRANSFORMS = _child('transform', 'TRANSFORMS', 'mmwsl.datasets')
FUNCTIONS = _child('function', 'FUNCTIONS', 'mmwsl.datasets')
VIEWS = ViewRegistry('view', scope='mmwsl', locations=['mmwsl.augment'])

MODELS = _child('model', 'MODELS', 'mmwsl.models')
MODEL_WRAPPERS = _child('model wrapper', 'MODEL_WRAPPERS', 'mmwsl.models')
WEIGHT_INITIALIZERS = _child('weight initializer', 'WEIGHT_INITIALIZERS', 'mmwsl.models')
TASK_UTILS = _child('task util', 'TASK_UTILS', 'mmwsl.models')
BACKBONES = ModelRegistry('backbone')
NECKS = ModelRegistry('neck')
HEADS = ModelRegistry('head')
LOSSES = ModelRegistry('loss')
MEMORIES = ModelRegistry('memory')
PRETEXTS = ModelRegistry('pretext')
WEAK_HEADS = ModelRegistry('weak head')

METRICS = _child('metric', 'METRICS', 'mmwsl.evaluation')
EVALUATOR = _child('evaluator', 'EVALUATOR', 'mmwsl.evaluation')
INFERENCERS = _child('inferencer', 'INFERENCERS')
VISUALIZERS = _child('visualizer', 'VISUALIZERS')
VISBACKENDS = _child('visualization backend', 'VISBACKENDS')

PROTOCOLS = Registry('protocol', scope='mmwsl', locations=['mmwsl.protocols'])
