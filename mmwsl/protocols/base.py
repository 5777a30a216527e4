"""The one interface of protocols: ``run(source)``."""

import inspect
import warnings
from abc import ABC, abstractmethod


class Source(ABC):
    """Source of a protocol: a checkpoint, with its frozen features and trainings that start from it.

    Attributes:
        name: the protocol's name in the benchmark; begins the metrics of a protocol that goes by several, and the
            folders of trainings.
    """

    @abstractmethod
    def features(self):
        """Frozen :class:`Features` of the training and of the test images, extracted once.

        Returns:
            tuple: train, test.
        """

    @abstractmethod
    def train(self, config, options, seed, holdout):
        """Train a network from the backbone and score it.

        Args:
            config: file of a training config with ``test_dataloader`` and ``test_evaluator``; None = the config of the
                checkpoint itself.
            options: dict of dotted keys that override it.
            seed: of the training.
            holdout: fraction of the training images, of every class, to score on instead of the test set; None = train
                on all of them, score on the test set.

        Returns:
            dict: metric name, as the evaluator has it (``'accuracy/top1'``) -> value.

        Raises:
            FloatingPointError: the training diverged.
        """

    @abstractmethod
    def dataset_name(self, config):
        """Name, in records, of the data that ``config`` (see :meth:`train`) is tested on."""


class Protocol(ABC):
    """A way to evaluate a checkpoint; register it in :data:`mmwsl.registry.PROTOCOLS`.

    Attributes:
        trains: whether :meth:`run` calls ``source.train``. Then all ranks run it, once for a checkpoint, and its
            features are the last layer's, globally averaged; otherwise the first rank alone runs it, once for each
            layer that is evaluated.
        open_classes: whether the classes of the test images may be others than those of the training images.
    """

    trains = False
    open_classes = False

    @abstractmethod
    def run(self, source):
        """Evaluate ``source``.

        Args:
            source: a :class:`Source`.

        Returns:
            list of dict(metric, value, settings), one for each metric value, in percent; ``layer``, ``pooling`` or
            ``dataset`` in it replaces what the record would say.
        """


class _FeatureProtocol(Protocol):
    """Adapter of the earlier interface, ``run(train, test)``."""

    def __init__(self, instance):
        self.instance = instance

    def run(self, source):
        return self.instance.run(*source.features())


def as_protocol(instance):
    """Adapt ``instance`` to :class:`Protocol` if it has the earlier ``run(train, test)``; warns, for one release.

    Raises:
        TypeError: it is no protocol of either form.
    """
    kind = type(instance).__name__
    if _takes(instance.run, 2) and not _takes(instance.run, 1):
        warnings.warn(f'the protocol {kind} has run(train, test), which the next release will not call: derive it from '
                      'mmwsl.protocols.Protocol and write `def run(self, source):` and `train, test = '
                      'source.features()`', DeprecationWarning, stacklevel=2)
        return _FeatureProtocol(instance)
    if not isinstance(instance, Protocol):
        raise TypeError(f'{kind} is registered as a protocol but does not derive from mmwsl.protocols.Protocol: derive '
                        'it, with `def run(self, source):`')
    return instance


def _takes(function, count):
    """Whether ``function`` can be called with ``count`` positional arguments."""
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    return True
