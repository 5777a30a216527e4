"""StackGAN-v2 and LR-GAN: sizes, colors by hand, transforms that keep objects inside, steps of each half."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from mmwsl.models.generative import LRGAN, LayeredGenerator, StackGANv2, StackGenerator
from mmwsl.models.generative.lr_gan import LSTMCell, affine_transform, sampling_grid
from mmwsl.models.generative.stackgan import color_statistics


@pytest.fixture(autouse=True)
def one_thread():
    init_default_scope('mmwsl')
    torch.set_num_threads(1)
    torch.manual_seed(0)


def stackgan():
    return StackGANv2(StackGenerator(4, 8, 32, 3, 1), channels=4)


def lr_gan(**settings):
    return LRGAN(LayeredGenerator(4, 4, 16, hidden=6, **settings), channels=4)


def test_colors_by_hand():
    image = torch.tensor([[[0.0, 2.0]], [[1.0, 1.0]], [[4.0, 0.0]]])[None]
    mean, covariance = color_statistics(image)
    assert mean.tolist() == [[1, 1, 2]]
    assert covariance.tolist() == [[[1, 0, -2], [0, 0, 0], [-2, 0, 4]]]


def test_stackgan_losses():
    """Three sizes; the color terms by hand, with no gradient to the size before."""
    model = stackgan()
    assert model.sizes == [8, 16, 32]
    codes = model.draw_codes(3, 'cpu')
    made = model.generate_with(model.generator, codes)
    assert [made[f'images_{size}'].shape[-1] for size in model.sizes] == [8, 16, 32] and made['images'] is made['images_32']
    losses = model.generator_loss(made, codes)
    small, large = (color_statistics(made[f'images_{size}']) for size in (8, 16))
    expected = 50 * ((large[0] - small[0]).square().mean() + 5 * (large[1] - small[1]).square().mean())
    assert losses['loss_color_16'].item() == pytest.approx(expected.item(), rel=1e-5) and set(losses) == {
        'loss_generator_8', 'loss_generator_16', 'loss_generator_32', 'loss_color_16', 'loss_color_32'}
    losses['loss_color_16'].backward()
    assert model.generator.images[0][0].weight.grad is None and model.generator.images[1][0].weight.grad.abs().max() > 0


def test_published_stackgan():
    with torch.device('meta'):
        model = StackGANv2(StackGenerator())
        assert model.generator.first.linear[0].out_features == 2 * 1024 * 16 and model.sizes == [64, 128, 256]
        made = model.generate_with(model.generator, dict(noise=torch.zeros(2, 100)))
        assert made['images'].shape == (2, 3, 256, 256)
        assert [critic.trunk(made[f'images_{size}']).shape for size, critic in zip(model.sizes, model.discriminators, strict=True)] == [(2, 512, 4, 4)] * 3


def test_objects_stay_inside():
    """Whatever the numbers, the four corners of the picture lie in the canvas, and are 1 to 3 times as near."""
    matrices = affine_transform(torch.randn(200, 3) * 5, 3.0)
    shrink, shift = matrices[:, 0, 0], matrices[:, :, 2]
    assert torch.equal(matrices[:, 0, 0], matrices[:, 1, 1]) and (matrices[:, 0, 1] == 0).all() and (matrices[:, 1, 0] == 0).all()
    assert shrink.min() >= 1 and shrink.max() <= 3 and shrink.max() > 2.9 and shrink.min() < 1.1
    for corner in (-1, 1):
        assert ((corner - shift) / shrink[:, None]).abs().max() <= 1 + 1e-5


def test_grid_is_that_of_torch():
    """Values and gradient, of matrices that also turn and mirror."""
    matrix, weights = torch.randn(3, 2, 3, requires_grad=True), torch.randn(3, 5, 5, 2)
    grids = [sampling_grid(matrix, 5), torch.nn.functional.affine_grid(matrix, (3, 1, 5, 5), align_corners=False)]
    gradients = [torch.autograd.grad((grid * weights).sum(), matrix)[0] for grid in grids]
    assert torch.allclose(*grids, atol=1e-6) and torch.allclose(*gradients, atol=1e-5)


def test_recurrence_is_that_of_torch():
    """With its weights, whose four gates stand in the same order."""
    own, expected = LSTMCell(3, 5), torch.nn.LSTMCell(3, 5)
    with torch.no_grad():
        own.gates.weight.copy_(torch.cat([expected.weight_ih, expected.weight_hh], dim=1))
        own.gates.bias.copy_(expected.bias_ih + expected.bias_hh)
    x, state, others = torch.randn(2, 4, 3), None, None
    for step in x:
        state, others = own(step, state), expected(step, others)
        for one, other in zip(state, others, strict=True):
            assert torch.allclose(one, other, atol=1e-6)


def test_layers():
    """Beyond the pasted square there is background alone; in it the object by its mask."""
    model = lr_gan(max_shrink=2.0).eval()
    with torch.no_grad():
        model.generator.place.weight.zero_()
        model.generator.place.bias.copy_(torch.tensor([50.0, 50.0, 50.0]))  # half the side, as far as shifts go
        made = model.generate_with(model.generator, model.draw_codes(2, 'cpu'))
    assert (made['mask'] > 0).nonzero()[:, 2:].amax(0).tolist() == [7, 7] and made['mask'][:, :, :7, :7].min() > 0.05
    assert torch.equal(made['images'][..., 8:, :], made['background'][..., 8:, :])
    assert torch.allclose(made['images'], made['mask'] * made['foreground'] + (1 - made['mask']) * made['background'], atol=1e-6)
    with pytest.raises(ValueError, match='steps=1 must be 2 or more'):
        lr_gan(steps=1)


@pytest.mark.parametrize('make', [stackgan, lr_gan])
def test_a_step_moves_both_halves(make):
    model = make().train()
    wrapper = build_optim_wrapper(model, dict(type='AutocastOptimWrapper', dtype='float32', constructor='HalvesConstructor',
                                              optimizer=dict(type='SGD', lr=0.1)))
    before = {name: value.clone() for name, value in model.named_parameters()}
    side = model.generator.size
    logs = model.step_halves(wrapper, [torch.rand(4, 3, side, side) * 2 - 1])
    assert len(logs) >= 3 and all(value.isfinite() for value in logs.values())
    still = {name for name, value in model.named_parameters() if torch.equal(value, before[name])}
    assert all(name.startswith('average.') for name in still) and still
    model.eval()
    assert model(torch.zeros(2, 3, side, side), None, mode='predict')[1].pred_image.shape == (3, side, side)
