import subprocess
import sys
import warnings
from types import SimpleNamespace

import pytest
import torch
import torch.nn as nn
from mmengine import registry as mmengine_registry
from mmengine.registry import DefaultScope

from mmwsl import registry
from mmwsl.registry import MODELS, PRETEXTS, PROTOCOLS

SHELVES = ['BACKBONES', 'NECKS', 'HEADS', 'LOSSES', 'MEMORIES', 'PRETEXTS', 'WEAK_HEADS']


@pytest.fixture
def clean():
    """Takes classes that a test registers out of all registries again."""
    shelves = [getattr(registry, name) for name in SHELVES] + [MODELS, PROTOCOLS]
    for shelf in shelves:
        shelf.import_from_location()  # what is imported later must not be taken out
    before = [dict(shelf._module_dict) for shelf in shelves]
    yield
    for shelf, classes in zip(shelves, before, strict=True):
        shelf._module_dict.clear()
        shelf._module_dict.update(classes)


@pytest.fixture
def plugins(monkeypatch):
    """Sets the entry points that are installed, none of them loaded yet."""

    def install(*entries):
        def entry_points(group):
            assert group == 'mmwsl.plugins'
            return entries

        monkeypatch.setattr(registry, 'entry_points', entry_points)
        monkeypatch.setattr(registry, '_plugins_loaded', False)

    return install


def entry(name, load):
    return SimpleNamespace(name=name, value=f'{name}_package:register', load=load)


@pytest.mark.parametrize('shelf', SHELVES)
def test_what_a_shelf_registers_is_found_everywhere(shelf, clean):
    shelf = getattr(registry, shelf)

    @shelf.register_module()
    class Novelty(nn.Identity):
        pass

    assert 'Novelty' in shelf.module_dict and 'Novelty' in MODELS.module_dict
    for found in (shelf, MODELS):
        assert found.get('Novelty') is Novelty
        assert found.get('mmwsl.Novelty') is Novelty
        assert 'Novelty' in found
        assert type(found.build(dict(type='Novelty'))) is Novelty
        assert type(found.build(dict(type='mmwsl.Novelty'))) is Novelty
    # mmengine's Runner builds with the root registry and the config's default scope
    with DefaultScope.overwrite_default_scope('mmwsl'):
        assert type(mmengine_registry.MODELS.build(dict(type='Novelty'))) is Novelty
    assert type(mmengine_registry.MODELS.build(dict(type='mmwsl.Novelty'))) is Novelty
    # one shelf resolves what stands on another
    assert registry.NECKS.get('Novelty') is Novelty


def test_modules_are_imported_when_a_name_is_asked_for():
    code = ("import sys; from mmwsl.registry import PRETEXTS; assert 'mmwsl.models' not in sys.modules; "
            "assert PRETEXTS.get('SimCLR').__module__ == 'mmwsl.models.pretext.simclr'; "
            "import mmwsl.apis, mmwsl.engine, mmwsl.evaluation, mmwsl.protocols, mmwsl.reporting, mmwsl.visualization; "
            "heavy = {'matplotlib', 'pandas', 'scipy', 'sklearn'} & set(sys.modules); assert not heavy, heavy")
    result = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_shelves_list_their_own_classes_only():
    MODELS.import_from_location()
    assert set(PRETEXTS.module_dict) >= {'BYOL', 'Jigsaw', 'MoCo', 'Rotation', 'SimCLR'}
    assert 'ResNet' in registry.BACKBONES.module_dict and 'ResNet' not in PRETEXTS.module_dict
    assert set(MODELS.module_dict) >= set().union(*(getattr(registry, name).module_dict for name in SHELVES))


def test_two_classes_of_one_name_are_refused(clean):
    registry.HEADS.register_module('Novelty', module=nn.Identity)
    with pytest.raises(KeyError, match='Novelty is already registered in'):
        registry.NECKS.register_module('Novelty', module=nn.Linear)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(KeyError, match=r"'ResNett' is not in the mmwsl::model registry. Nearest known names: .*ResNet"):
        MODELS.get('ResNett')
    with pytest.raises(KeyError, match='Nearest known names: SimCLR.* custom_imports'):
        PRETEXTS.build(dict(type='simclr'))
    with pytest.raises(KeyError, match="'Xyzzyqqq' is not in .* Known names: .*BYOL"):
        MODELS.get('Xyzzyqqq')
    assert 'ResNett' not in MODELS and 'ResNet' in MODELS


def test_a_name_of_a_parent_is_found_and_suggested():
    assert registry.HOOKS.get('LoggerHook') is mmengine_registry.HOOKS.get('LoggerHook')
    with pytest.raises(KeyError, match='Nearest known names: .*CheckpointHook'):
        registry.HOOKS.get('ChekpointHook')


def test_an_unknown_scope_asks_for_the_package():
    with pytest.raises(KeyError, match="'nowhere.Net' is not in the model registry: is the package 'nowhere' inst"):
        MODELS.get('nowhere.Net')


def test_a_class_may_be_given_by_its_import_path():
    assert MODELS.get('torch.nn.Identity') is nn.Identity


def test_protocols_have_a_root_of_their_own(clean):
    PROTOCOLS.register_module('Novelty', module=dict)
    assert PROTOCOLS.get('Novelty') is dict and PROTOCOLS.get('mmwsl.Novelty') is dict
    assert PROTOCOLS.parent is None and 'Novelty' not in MODELS
    assert 'ResNet' not in PROTOCOLS
    with pytest.raises(KeyError, match='protocol registry'):
        PROTOCOLS.get('ResNet')


def test_a_plugin_is_loaded_once_when_a_name_is_first_asked_for(clean, plugins):
    loads, calls = [], []

    def load():
        loads.append(1)

        def register():
            calls.append(1)
            assert MODELS.get('ResNet')  # a plugin may use the registries
            registry.BACKBONES.register_module('PluginNet', module=nn.Identity)

        return register

    plugins(entry('good', load))
    assert MODELS.get('PluginNet') is nn.Identity and PRETEXTS.get('PluginNet') is nn.Identity
    assert registry.HOOKS.get('CheckpointHook')
    assert (loads, calls) == ([1], [1])


def test_an_entry_point_may_name_a_module(clean, plugins):
    def load():
        registry.NECKS.register_module('PluginNeck', module=nn.Identity)
        return nn  # a module: importing it was all

    plugins(entry('module', load))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert type(registry.NECKS.build(dict(type='PluginNeck'))) is nn.Identity


def test_a_broken_plugin_is_skipped_by_name(clean, plugins):
    def broken():
        raise ImportError('libfoo is missing')

    def fails_when_called():
        raise ValueError('bad settings')

    def good():
        registry.HEADS.register_module('GoodHead', module=nn.Identity)

    plugins(entry('broken', broken), entry('grumpy', lambda: fails_when_called), entry('good', good))
    with pytest.warns(UserWarning) as caught:
        assert MODELS.get('GoodHead') is nn.Identity
    messages = [str(warning.message) for warning in caught if 'mmwsl plugin' in str(warning.message)]
    assert len(messages) == 2
    assert "'broken' (broken_package:register)" in messages[0] and 'ImportError: libfoo is missing' in messages[0]
    assert "'grumpy'" in messages[1] and 'skipped: ValueError: bad settings' in messages[1]


def test_views_have_a_registry_of_their_own():
    """Views are found in VIEWS and no longer among the transforms; an old plugin's transform still is, with a warning."""
    view = registry.VIEWS.build(dict(type='RandomGrayscale', prob=1.0))
    images = torch.rand(2, 3, 4, 4)
    assert torch.equal(view(images)[:, 0], view(images)[:, 1])
    assert 'RandomGrayscale' not in registry.TRANSFORMS.module_dict and 'ResizeCenterCrop' in registry.TRANSFORMS

    @registry.TRANSFORMS.register_module()
    class OldPluginView:
        def __call__(self, images):
            return images.flip(3)

    try:
        with pytest.warns(DeprecationWarning, match='OldPluginView is registered in TRANSFORMS.*VIEWS'):
            old = registry.VIEWS.build(dict(type='OldPluginView'))
        assert torch.equal(old(images), images.flip(3))
    finally:
        registry.TRANSFORMS._module_dict.pop('OldPluginView')
    with pytest.raises(KeyError, match="'RandomGreyscale' is not in the mmwsl::view registry.*RandomGrayscale"):
        registry.VIEWS.get('RandomGreyscale')
