"""Optimizers of adversarial models: settings of a half, what is refused, momenta that stay."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from mmwsl.engine.resume import load_momenta
from mmwsl.models.generative import CodeDiscriminator, CodeGenerator, InfoGAN

CONFIG = dict(type='AutocastOptimWrapper', dtype='float32', constructor='HalvesConstructor',
              optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmwsl')


def model():
    return InfoGAN(CodeGenerator(2, 2, 4, 16), CodeDiscriminator(2, 4, 16))


def test_a_half_may_have_settings_of_its_own():
    network = model()
    wrapper = build_optim_wrapper(network, dict(CONFIG, halves=dict(generator=dict(lr=1e-3))))
    assert list(wrapper.keys()) == ['discriminator', 'generator'] and wrapper.should_update()
    assert {name: value for name, value in wrapper.get_lr().items() if name.endswith('.lr')} == {'discriminator.lr': [2e-4], 'generator.lr': [1e-3]}
    held = {half: {id(each) for group in wrapper[half].optimizer.param_groups for each in group['params']} for half in wrapper.keys()}
    assert held['generator'] == {id(each) for each in network.generator.parameters()}
    assert held['discriminator'] == {id(each) for each in network.discriminator.parameters()}
    assert wrapper['generator'].optimizer.defaults['betas'] == (0.5, 0.999)


@pytest.mark.parametrize('change, message', [
    (dict(halves=dict(critic=dict(lr=1.0))), r"names \['critic'\]; InfoGAN has discriminator, generator"),
    (dict(accumulative_counts=2), 'gradients of adversarial models are not accumulated'),
    (dict(paramwise_cfg=dict(norm_decay_mult=0)), 'knows no paramwise_cfg')])
def test_refused(change, message):
    with pytest.raises(ValueError, match=message):
        build_optim_wrapper(model(), dict(CONFIG, **change))


def test_only_for_adversarial_models():
    with pytest.raises(ValueError, match='Linear has no halves'):
        build_optim_wrapper(torch.nn.Linear(2, 2), CONFIG)
    network = model()
    network.halves = dict(discriminator=('discriminator',), generator=('generator', 'discriminator.real'))
    with pytest.raises(ValueError, match='a parameter belongs to discriminator and to generator'):
        build_optim_wrapper(network, CONFIG)


def test_momenta_are_loaded_and_rates_stay():
    """What a resumed run with another learning rate takes from its checkpoint."""
    network = model()
    first = build_optim_wrapper(network, CONFIG)
    for half in first.keys():
        loss = sum(each.square().sum() for each in network.half_parameters(half))
        first[half].update_params(loss)
    second = build_optim_wrapper(network, dict(CONFIG, optimizer=dict(type='Adam', lr=0.5)))
    load_momenta(second, first.state_dict())
    for half in first.keys():
        state = second[half].optimizer.state_dict()
        assert state['param_groups'][0]['lr'] == 0.5
        assert torch.equal(state['state'][0]['exp_avg'], first[half].optimizer.state_dict()['state'][0]['exp_avg'])
        assert state['state'][0]['exp_avg'].abs().max() > 0
