"""Inpainting: what is hidden, the loss by loops, whose loss moves what, and that holes are painted better than plainly."""

import copy

import numpy as np
import pytest
import torch
from conftest import unpacked
from mmengine.optim import build_optim_wrapper
from tiny_runs import TINY_DATA, check_resume

from mmwsl.apis import load_config
from mmwsl.datasets import CIFAR10
from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.registry import MODELS

BACKBONE = dict(type='ResNet', depth=18, base_channels=8, stem='cifar')
CONFIG = dict(type='Inpainting', backbone=BACKBONE, overlap=1,
              head=dict(type='DenseHead', in_channels=64, out_channels=3, channels=[32, 16, 8]))
DISCRIMINATOR = dict(type='ImageDiscriminator', channels=[8])  # of 8 px
REGIONS = dict(hole='random', overlap=0)


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(CONFIG), **settings))


class Small(torch.nn.Sequential):
    """An encoder to 1/4 of the side that learns in a second."""

    def __init__(self):
        super().__init__(*[layer for inputs, outputs, stride in ((3, 32, 2), (32, 64, 2), (64, 64, 1)) for layer in (
            torch.nn.Conv2d(inputs, outputs, 3, stride, 1), torch.nn.BatchNorm2d(outputs), torch.nn.ReLU())])

    def forward(self, x):
        return (super().forward(x),)


def build_small(**settings):
    torch.manual_seed(0)
    return build(backbone=Small(), head=dict(CONFIG['head'], channels=[32, 16]), **settings)


def pictures(count, seed, side=16):
    """One colour with a ramp to another, in [-1, 1]: what is missing follows from what is around it."""
    generator = torch.Generator().manual_seed(seed)
    place = torch.linspace(-1, 1, side)
    color, down, across = torch.randn(3, count, 3, 1, 1, generator=generator)
    return (0.5 * color + 0.2 * down * place.view(1, 1, side, 1) + 0.2 * across * place).clamp(-1, 1)


def psnr(error, filled):
    """Of pixel values in [0, 1], over the holes."""
    return -10 * ((error.square() * filled).sum() / (3 * filled.sum()) / 4).log10().item()


def nearest_border(images, filled):
    """Each hole's pixel takes the colour of the nearest pixel that is seen."""
    result = images.clone()
    for image, hole in zip(result, filled[:, 0], strict=True):
        inside, outside = hole.nonzero(), (~hole).nonzero()
        nearest = outside[torch.cdist(inside.float(), outside.float()).argmin(1)]
        image[:, inside[:, 0], inside[:, 1]] = image[:, nearest[:, 0], nearest[:, 1]]
    return result


def train(model, batches, lr=5e-3):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, len(batches))
    model.train()
    for images in batches:
        result = model([images], mode='loss')
        optimizer.zero_grad()
        sum(value for name, value in result.items() if 'loss' in name).backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def test_center_hole_and_weights():
    model = build()
    filled, weight = model.holes(torch.zeros(2, 3, 16, 16))
    expected = torch.zeros(16, 16)
    expected[4:12, 4:12] = 10
    expected[5:11, 5:11] = 1
    assert weight.shape == filled.shape == (2, 1, 16, 16)
    assert torch.equal(weight[1, 0], expected) and torch.equal(filled, weight == 1)
    filled, weight = build(overlap=4).holes(torch.zeros(1, 3, 128, 128))  # the paper's
    assert filled.sum() == 56**2 and (weight > 0).sum() == 64**2


def test_random_regions_are_a_quarter_and_in_one_piece_or_few():
    model = build(**REGIONS)
    filled, weight = model.holes(torch.zeros(8, 3, 32, 32))
    assert filled.flatten(1).sum(1).tolist() == [256] * 8 and torch.equal(weight, filled.float())
    assert len({tuple(hole.flatten().tolist()) for hole in filled}) == 8
    same = (filled[..., 1:] == filled[..., :-1]).float().mean()
    assert same > 0.85  # 0.625 for pixels drawn one by one


@pytest.mark.parametrize('settings', [dict(), REGIONS])
def test_what_is_hidden_cannot_be_seen(settings):
    """Fails if a pixel of the hole reaches the network, or one outside does not."""
    model = build(**settings).eval()
    images = pictures(4, seed=0).requires_grad_()
    filled, _ = model.holes(images)
    maps, painted = model.paint(images, filled)
    gradient, = torch.autograd.grad(painted.square().sum(), images)
    assert (gradient * filled).abs().max() == 0
    assert (gradient * ~filled).abs().amin(1).median() > 0
    seen = []
    model.backbone.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    model.paint(images, filled)
    inside = seen[0].movedim(1, -1)[filled[:, 0]]
    torch.testing.assert_close(inside[0], torch.tensor([117, 104, 123]) / 127.5 - 1)
    assert torch.equal(inside, inside[:1].expand_as(inside))


def test_loss_against_loops():
    model = build(discriminator=DISCRIMINATOR, adversarial_weight=0.1).double().eval()
    images = pictures(3, seed=0).double()
    result = model([images], mode='loss')
    _, painted = model.paint(images, model.holes(images)[0])
    total = 0.0
    for _, channel, row, column in np.ndindex(3, 3, 8, 8):
        weight = 1 if 1 <= row < 7 and 1 <= column < 7 else 10
        total += weight * (painted - images)[_, channel, row + 4, column + 4].item()**2
    assert result['loss_reconstruction'].item() == pytest.approx(0.9 * total / (3 * 3 * 64), rel=1e-9)
    real, made = (model.discriminator(x[:, :, 4:12, 4:12]).sigmoid() for x in (images, painted))
    assert result['loss_adversarial'].item() == pytest.approx(-0.1 * made.log().mean().item(), rel=1e-9)
    expected = -(real.log() + (1 - made).log()).mean().item()
    assert result['loss_discriminator'].item() == pytest.approx(expected, rel=1e-9)


def test_random_regions_count_alone():
    model = build(**REGIONS).double().eval()
    images = pictures(3, seed=0).double()
    torch.manual_seed(5)
    result = model([images], mode='loss')
    torch.manual_seed(5)
    filled, _ = model.holes(images)
    _, painted = model.paint(images, filled)
    errors = [(painted - images)[b, c, h, w].item()**2 for b, c, h, w in np.ndindex(3, 3, 16, 16) if filled[b, 0, h, w]]
    assert result['loss_reconstruction'].item() == pytest.approx(np.mean(errors), rel=1e-9)
    assert result['psnr'].item() == pytest.approx(-10 * np.log10(np.mean(errors) / 4), rel=1e-6)


@pytest.mark.parametrize('settings', [
    dict(discriminator=DISCRIMINATOR), dict(REGIONS, discriminator=dict(DISCRIMINATOR, channels=[8, 16]))])
def test_each_side_learns_from_its_own_loss(settings):
    """The painter's gradient is that of its two losses, the discriminator's that of its own; nothing leaks."""
    gradients = []
    for names in (('loss_reconstruction', 'loss_adversarial', 'loss_discriminator'),
                  ('loss_reconstruction', 'loss_adversarial'), ('loss_discriminator',)):
        model = build(adversarial_weight=0.5, **settings)
        torch.manual_seed(1)
        result = model([pictures(8, seed=0)], mode='loss')
        sum(result[name] for name in names).backward()
        gradients.append({name: p.grad for name, p in model.named_parameters()})
        if names == ('loss_reconstruction', 'loss_adversarial'):
            adversarial = torch.autograd.grad(
                model([pictures(8, seed=0)], mode='loss')['loss_adversarial'], model.backbone.conv1.weight)[0]
            assert adversarial.abs().max() > 0  # it reaches the encoder
    together, painter, judge = gradients
    for name, gradient in together.items():
        own, other = (judge, painter) if name.startswith('discriminator') else (painter, judge)
        assert gradient.abs().max() > 0 and other[name] is None
        torch.testing.assert_close(gradient, own[name])


def test_the_discriminator_has_no_running_statistics():
    """Three passes a step would mix real and made images, and count the painter's pass too."""
    model = build(discriminator=dict(DISCRIMINATOR, channels=[8, 16]))
    assert not list(model.discriminator.buffers())
    assert sum(isinstance(m, torch.nn.BatchNorm2d) for m in model.discriminator.modules()) == 1


def test_the_discriminator_has_its_own_learning_rate():
    cfg = load_config('mmwsl::selfsup/inpainting/inpainting_r18_1xb64-const-500e_imagenet.py')
    model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor))
    rates = {id(p): group['lr'] for group in build_optim_wrapper(model, cfg.optim_wrapper).param_groups
             for p in group['params']}
    for name, parameter in model.named_parameters():
        assert rates[id(parameter)] == pytest.approx(2e-4 if name.startswith('discriminator') else 2e-3)


@pytest.mark.parametrize('settings', [dict(), dict(discriminator=DISCRIMINATOR), REGIONS])
def test_holes_are_painted_better_than_with_one_colour(settings):
    model = train(build_small(**settings), [pictures(32, seed=step) for step in range(80)])
    images = pictures(32, seed=1000)
    completed, filled = model.complete(images)
    assert torch.equal(completed * ~filled, images * ~filled)
    fill = model.fill.expand_as(images)
    assert psnr(completed - images, filled) > psnr(fill - images, filled) + 3


def test_channelwise_linear_sees_everywhere_within_its_channel():
    head = MODELS.build(dict(type='DenseHead', in_channels=4, out_channels=3, channelwise_side=3))
    layer, x = head.layers[0], torch.randn(2, 4, 3, 3)
    expected = torch.stack([x[:, c].flatten(1) @ layer.weight[c] + layer.bias[c] for c in range(4)], 1).view_as(x)
    torch.testing.assert_close(layer(x), expected)
    assert layer(x.contiguous(memory_format=torch.channels_last)).sub(expected).abs().max() < 1e-5


def test_the_alexnet_variant_paints_the_whole_image():
    cfg = load_config('mmwsl::selfsup/inpainting/inpainting_alexnet_1xb64-const-500e_imagenet.py')
    model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor)).eval()
    images = torch.zeros(1, 3, 227, 227)
    _, painted = model.paint(images, model.holes(images)[0])
    assert painted.shape == images.shape and model(images).shape == (1, 256)


def test_errors():
    with pytest.raises(ValueError, match="hole='left' is unknown"):
        build(hole='left')
    with pytest.raises(ValueError, match="0 for hole='random'"):
        build(hole='random', overlap=1)
    with pytest.raises(ValueError, match='it paints RGB'):
        build(head=dict(CONFIG['head'], out_channels=1))
    with pytest.raises(ValueError, match='ImageDiscriminator needs images of 16 px or more, got 8 x 8'):
        build(discriminator=dict(DISCRIMINATOR, channels=[8, 16]))([pictures(2, seed=0)], mode='loss')
    with pytest.raises(ValueError, match='overlap=4 leaves no hole'):
        build(overlap=4).holes(torch.zeros(1, 3, 16, 16))
    with pytest.raises(ValueError, match=r'Inpainting needs images in \[-1, 1\]'):
        build(data_preprocessor=ViewPreprocessor(mean=[0] * 3, std=[255] * 3))


@pytest.mark.slow
@pytest.mark.long
def test_holes_of_photographs():
    """CIFAR-10, a 16 px hole: better than the mean colour and than the nearest pixel that is seen."""
    data = CIFAR10(str(unpacked('cifar10_jpg.tar.gz') / 'cifar10'), split='train', supervision='none', max_images=6400)
    images = torch.stack([data[i]['inputs'] for i in range(len(data))]).float() / 127.5 - 1
    held_out, images = images[:256], images[256:]
    generator = torch.Generator().manual_seed(0)
    batches = [images[torch.randint(len(images), (64,), generator=generator)] for _ in range(300)]
    model = train(build(fill=(125, 123, 114), head=dict(CONFIG['head'], channels=[64, 32, 16])), batches, lr=2e-3)
    completed, filled = model.complete(held_out)
    ours = psnr(completed - held_out, filled)
    assert ours > psnr(model.fill - held_out, filled) + 2
    assert ours > psnr(nearest_border(held_out, filled) - held_out, filled) + 0.5


@pytest.mark.parametrize('name, extra', [
    ('inpainting_r18w16_1xb256-cos-20e_cifar10', ''),
    ('inpainting_adversarial_r18w16_1xb256-cos-20e_cifar10', "model['discriminator'] = dict(channels=[4])")])
def test_resume(tmp_path, name, extra):
    check_resume(tmp_path, f"""
_base_ = 'mmwsl::selfsup/inpainting/{name}.py'
model = dict(backbone=dict(base_channels=4), head=dict(in_channels=32, channels=[16, 8, 4]))
param_scheduler = []
{extra}
""" + TINY_DATA + """
data_preprocessor = dict(views=[[crop]])
""", changed=['backbone.conv1.weight'] + (['discriminator.layers.0.weight'] if extra else []))
