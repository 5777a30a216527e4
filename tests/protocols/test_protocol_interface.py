"""``run(source)``, and what is adapted to it."""

import warnings

import pytest
import torch

from mmwsl.protocols import KNN, Features, FeatureSource, FineTuneProtocol, Protocol, as_protocol
from mmwsl.registry import PROTOCOLS


def features(seed, count=40):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 4
    return Features(torch.eye(8)[labels] + 0.3 * torch.randn(count, 8, generator=generator), labels, 'abcd')


class Old:
    """As plugins of an earlier release have it."""

    def run(self, train, test):
        return [dict(metric='images', value=len(train) + 1000 * len(test), settings={})]


class New(Protocol):
    def run(self, source):
        train, test = source.features()
        return [dict(metric='images', value=len(train) + 1000 * len(test), settings={})]


def test_old_protocol_is_adapted_with_a_warning():
    source = FeatureSource(features(0), features(1, 8))
    with pytest.warns(DeprecationWarning, match='the protocol Old has run.train, test.*derive it from .*Protocol'):
        adapted = as_protocol(Old())
    assert isinstance(adapted, Protocol) and not adapted.trains
    assert adapted.run(source) == New().run(source) == [dict(metric='images', value=8040, settings={})]


def test_old_subclass_of_a_protocol_is_adapted():
    """A plugin may have derived its protocol from one of ours."""
    class Reversed(KNN):
        def run(self, train, test):
            return super().run(FeatureSource(test, train))

    train, test = features(0), features(1, 20)
    with pytest.warns(DeprecationWarning, match='Reversed'):
        records = as_protocol(Reversed(k=3)).run(FeatureSource(train, test))
    assert records == KNN(k=3).run(FeatureSource(test, train))


def test_every_protocol_of_ours_is_of_the_new_form():
    PROTOCOLS.import_from_location()
    classes = {kind for kind in PROTOCOLS.module_dict.values() if kind.__module__.startswith('mmwsl.')}
    assert len(classes) >= 7
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for kind in classes:
            instance = kind()
            assert as_protocol(instance) is instance
            assert instance.trains == (kind is FineTuneProtocol)


def test_neither_form():
    class Third:
        def run(self, source):
            return []

    with pytest.raises(TypeError, match='Third is registered as a protocol but does not derive from .*Protocol'):
        as_protocol(Third())
    with pytest.raises(TypeError, match='abstract'):
        type('Nothing', (Protocol,), {})()


def test_features_alone_train_nothing():
    source = FeatureSource(features(0), features(1))
    for call in (lambda: source.train('x.py', {}, 0, None), lambda: FineTuneProtocol('x.py').run(source)):
        with pytest.raises(TypeError, match='got features alone, .*`trains = True`'):
            call()
