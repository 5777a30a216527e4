"""The adversarial step: which half moves when, averaged generators, resuming, and ranks."""

import functools

import pytest
import torch
from gloo_ranks import on_ranks
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from tiny_runs import check_resume

from mmwsl.models.generative import (
    BigGAN,
    BigGANDiscriminator,
    BigGANGenerator,
    CodeClassifier,
    CodeDiscriminator,
    CodeGenerator,
    FineGAN,
    FineGANGenerator,
    InfoGAN,
    PatchDiscriminator,
)
from mmwsl.models.generative.adversarial import fake_loss, real_loss
from mmwsl.models.generative.grids import to_uint8
from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.structures import DataSample

SYNC = dict(type='SyncBN')
BN = dict(type='BN')
WRAPPER = dict(type='AutocastOptimWrapper', dtype='float32', constructor='HalvesConstructor', optimizer=dict(type='SGD', lr=0.1))


@pytest.fixture(autouse=True)
def one_thread():
    init_default_scope('mmwsl')
    torch.set_num_threads(1)
    torch.manual_seed(0)


def infogan(norm=BN, **settings):
    return InfoGAN(CodeGenerator(3, 4, 4, 16, norm), CodeDiscriminator(3, 4, 16, norm), **settings)


def finegan(norm=BN, **settings):
    return FineGAN(FineGANGenerator(2, 4, 4, 8, 16, 1, norm), PatchDiscriminator(4, (4, 3), (2, 1), 1),
                   CodeClassifier(2, 4, 16, norm), CodeDiscriminator(4, 4, 16, norm), **settings)


def biggan(norm=BN, **settings):
    return BigGAN(BigGANGenerator(3, 8, 2, 32, 4, attention=16, norm_cfg=norm), BigGANDiscriminator(3, 2, 32, attention=16),
                  **settings)


def batch(count=8, dtype=torch.float32, side=16):
    images = torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(1), dtype=dtype) * 2 - 1
    corner = torch.arange(count, dtype=torch.float32)[:, None] % 3 * 2 + 2
    boxes = torch.cat([corner, corner, corner + 5, corner + 5], 1)[:, None]
    return images, DataSample(gt_boxes=boxes, gt_label=torch.arange(count) % 3)


def moved(model, before):
    return {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}


def test_losses_by_hand():
    logits = torch.tensor([0.0, 2.0])
    assert real_loss(logits).item() == pytest.approx((0.693147 + 0.126928) / 2, abs=1e-5)
    assert fake_loss(logits).item() == pytest.approx((0.693147 + 2.126928) / 2, abs=1e-5)
    assert to_uint8(torch.tensor([-1.0, 0.0, 1.0, 1.5])).tolist() == [0, 128, 255, 255]


@pytest.mark.parametrize('make', [infogan, finegan])
def test_each_half_moves_by_its_own_loss_alone(make):
    """What the discriminators learn changes none of the generator's half, and the other way round."""
    model = make()
    images, samples = batch()
    codes = model.training_codes(8, 'cpu')
    for half in model.halves:
        wrappers = build_optim_wrapper(model, WRAPPER)
        before = {name: value.clone() for name, value in model.named_parameters()}
        fakes = model.generate_with(model.generator, codes)
        with model._only(half):
            losses = model.half_losses(half, images, samples, fakes, codes)
            wrappers[half].update_params(sum(value for name, value in losses.items() if 'loss' in name))
        owned = {name for part in model.halves[half] for name in before if name.startswith(part + '.')}
        assert moved(model, before) <= owned
        # all of it, but for biases before a norm
        assert len(moved(model, before)) > 0.9 * len(owned)
        assert all(each.grad is None for name, each in model.named_parameters() if name not in owned)
        model.zero_grad(set_to_none=True)
    assert all(each.requires_grad for name, each in model.named_parameters() if not name.startswith('average.'))


def test_the_generator_is_judged_by_the_discriminator_after_its_step():
    """A step equals: discriminator on detached images, its step, generator through what it is then."""
    first, second = infogan(), infogan()
    second.load_state_dict(first.state_dict())
    images, _ = batch()
    codes = first.draw_codes(8, 'cpu')
    for model in (first, second):
        model.training_codes = lambda count, device: codes
        model.train()
    first.step_halves(build_optim_wrapper(first, WRAPPER), images)
    optimizers = [torch.optim.SGD(second.half_parameters(half), 0.1) for half in ('discriminator', 'generator')]
    made = second.generate_with(second.generator, codes)
    losses = second.discriminator_loss(images, None, dict(images=made['images'].detach()), codes)
    (losses['loss_discriminator'] + losses['loss_code_discriminator']).backward()
    optimizers[0].step()
    losses = second.generator_loss(made, codes)
    second.zero_grad()
    (losses['loss_generator'] + losses['loss_code']).backward()
    optimizers[1].step()
    for name, value in first.state_dict().items():
        assert torch.allclose(value, second.state_dict()[name], atol=1e-6), name


def test_average_of_the_generator():
    """Parameters move by 1 - momentum from the first step on; running statistics are the generator's."""
    model = infogan(momentum=0.75)
    model.init_weights()
    name = 'image.0.weight'
    before = model.generator.get_parameter(name).detach().clone()
    assert torch.equal(model.average.get_parameter(name), before)
    model.train()
    model.step_halves(build_optim_wrapper(model, WRAPPER), batch()[0])
    model.after_optimizer_step(0.5)
    after = model.generator.get_parameter(name).detach()
    assert not torch.equal(after, before)
    assert torch.allclose(model.average.get_parameter(name), 0.75 * before + 0.25 * after)
    statistics = model.generator.stage.linear[1].running_mean
    assert statistics.abs().max() > 0 and torch.equal(model.average.stage.linear[1].running_mean, statistics)
    model.eval()
    predicted = model(torch.zeros(5, 3, 16, 16), None, mode='predict')
    assert [tuple(each.pred_image.shape) for each in predicted] == [(3, 16, 16)] * 5
    assert predicted[0].pred_image.dtype == torch.uint8 and 0 <= int(predicted[0].pred_codes['child']) < 3
    assert not torch.equal(predicted[0].pred_image, predicted[1].pred_image)
    assert model(torch.zeros(2, 3, 16, 16)).shape == (2, 3, 16, 16)
    with pytest.raises(ValueError, match='momentum=1 is the weight of the old average'):
        infogan(momentum=1)


def two_steps(kinds, rank, size):
    """States after two steps in fp64 on this rank's part of the batch."""
    init_default_scope('mmwsl')
    states = []
    for make in kinds:
        torch.manual_seed(0)
        model = make(SYNC).double().train()
        model.momentum = 0.9
        wrapper = build_optim_wrapper(model, dict(WRAPPER, optimizer=dict(type='Adam', lr=1e-3, eps=1e-3)))
        images, samples = batch(8, torch.float64, model.generator.size)
        for _ in range(2):
            codes = model.draw_codes(8, 'cpu')
            codes = {name: (each.double() if name == 'noise' else each).chunk(size)[rank] for name, each in codes.items()}
            model.training_codes = lambda count, device, codes=codes: codes
            model.step_halves(wrapper, images.chunk(size)[rank], DataSample(
                gt_boxes=samples.gt_boxes.chunk(size)[rank], gt_label=samples.gt_label.chunk(size)[rank]))
            model.after_optimizer_step(0.5)
        states.append(model.state_dict())
    return states


def test_two_ranks_are_one(tmp_path):
    """Parameters, averages and statistics; the boxes of the two halves of the batch hide different numbers of patches."""
    run = functools.partial(two_steps, (infogan, finegan, biggan))
    expected, ranks = run(0, 1), on_ranks(run, tmp_path)
    for number, state in enumerate(expected):
        for name, value in state.items():
            for rank in ranks:
                assert torch.allclose(rank[number][name].double(), value.double(), atol=1e-9), (number, name)


TINY = """
_base_ = 'mmwsl::generative/{name}/{name}_g16_1xb32-const-16e_factorscenes.py'
model = dict({model})
train_dataloader = dict(batch_size=8, dataset=dict(size={side}, num_images=80, scale=(0.2, 0.25)))
train_cfg = dict(max_epochs=2)
val_dataloader = val_evaluator = val_cfg = None
param_scheduler = [dict(type='MultiStepLR', by_epoch=False, milestones=[9], gamma=0.1)]
default_hooks = dict(logger=dict(interval=3))
"""
PARTS = dict(
    infogan='generator=dict(channels=4, size=16), discriminator=dict(channels=4, size=16)',
    finegan='generator=dict(channels=8, size=16), background_discriminator=dict(channels=4), '
            'parent_discriminator=dict(channels=4, size=16), child_discriminator=dict(channels=4, size=16), candidates=2',
    biggan='generator=dict(channels=2), discriminator=dict(channels=2)')


@pytest.mark.parametrize('name', ['infogan', 'finegan', 'biggan'])
def test_resumed_run_equals_an_uninterrupted_one(tmp_path, name):
    """Both optimizers, their schedules, the average; of FineGAN also the phase of hard negatives, which begins at step 14."""
    text = TINY.format(name=name, model=PARTS[name], side=32 if name == 'biggan' else 16)
    if name == 'finegan':
        text += "custom_hooks = [dict(type='HardNegativeHook', iterations=7), dict(type='SampleGridHook', interval=2)]\n"
    check_resume(tmp_path, text, changed=('average.' + dict(infogan='image.0.weight', finegan='child_image.0.weight',
                                                                biggan='output.2.bias')[name],))
    state = torch.load(tmp_path / 'whole' / 'iter_18.pth', weights_only=True)
    assert sorted(path.name for path in (tmp_path / 'whole' / 'samples').iterdir()) == (
        ['epoch_2.png'] if name == 'finegan' else ['epoch_1.png', 'epoch_2.png'])
    assert set(state['optimizer']) == {'discriminator', 'generator'} and len(state['param_schedulers']) == 2
    rates = [state['optimizer'][half]['param_groups'][0]['lr'] for half in state['optimizer']]
    assert rates == pytest.approx([2e-5, 2e-5 if name == 'biggan' else 5e-5])


def test_a_batch_needs_boxes():
    model, (images, _) = finegan(), batch()
    with pytest.raises(ValueError, match="FineGAN needs gt_boxes of the training images.*supervision='boxes'"):
        model.loss([images], DataSample(index=torch.arange(8)))
    with pytest.raises(ValueError, match='got 3 views'):
        model.loss([images] * 3, batch()[1])


def test_data_preprocessor_makes_the_range():
    model = infogan(data_preprocessor=ViewPreprocessor([127.5] * 3, [127.5] * 3))
    made = model.data_preprocessor(dict(inputs=torch.tensor([0, 255], dtype=torch.uint8).repeat(1, 3, 4, 2)), training=True)
    assert made['inputs'][0].min() == -1 and made['inputs'][0].max() == 1
