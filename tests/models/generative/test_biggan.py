"""BigGAN: sizes as published, norms, losses by hand, steps, and as a prior."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from mmwsl.apis import build_model, load_config
from mmwsl.apis.generation import restore
from mmwsl.models.generative import BigGAN, BigGANDiscriminator, BigGANGenerator
from mmwsl.models.generative.biggan_layers import ConditionalNorm, SelfAttention, spectral
from mmwsl.models.generative.prior import PUBLISHED, GenerativePrior, PriorStage, generator_blocks
from mmwsl.structures import DataSample

CONFIG = 'mmwsl::generative/biggan/biggan_g16_1xb32-const-16e_factorscenes.py'
TINY = {'model.generator.channels': 2, 'model.discriminator.channels': 2}


@pytest.fixture(autouse=True)
def one_thread():
    init_default_scope('mmwsl')
    torch.set_num_threads(1)
    torch.manual_seed(0)


def tiny(**settings):
    return BigGAN(BigGANGenerator(3, 8, 2, 32, 4, attention=16), BigGANDiscriminator(3, 2, 32, attention=16), **settings)


def test_published_sizes(no_power_iterations):
    """256 px and width 96: the tables of the paper; other sizes fit together."""
    with torch.device('meta'):
        generator, discriminator = BigGANGenerator(), BigGANDiscriminator()
        code, maps = torch.zeros(2, 148), []
        x = generator.linear(torch.zeros(2, 20)).unflatten(1, (-1, 4, 4))
        for block in generator.blocks:
            x = block(x, code)
            maps.append(tuple(x.shape[1:3]))
        assert maps == [(1536, 8), (768, 16), (768, 32), (384, 64), (192, 128), (96, 256)]
        assert [isinstance(block.attention, SelfAttention) for block in generator.blocks] == [False] * 3 + [True] + [False] * 2
        made = generator(torch.zeros(2, 140), torch.zeros(2, dtype=torch.int64))
        assert made.shape == (2, 3, 256, 256)
        x, maps = made, []
        for layer in discriminator.layers:
            x = layer(x)
            maps.append(tuple(x.shape[1:3]))
        assert maps == [(96, 128), (192, 64), (192, 64), (384, 32), (768, 16), (768, 8), (1536, 4), (1536, 4), (1536,)]
        assert [type(layer).__name__ for layer in discriminator.layers] == [
            *['DiscriminatorBlock'] * 2, 'SelfAttention', *['DiscriminatorBlock'] * 5, 'SumOfActivations']
        assert discriminator(made, torch.zeros(2, dtype=torch.int64)).shape == (2,)
    for side in (64, 128):
        with torch.device('meta'):
            labels = torch.zeros(2, dtype=torch.int64)
            made = BigGANGenerator(10, 120, 8, side, 4)(torch.zeros(2, 120), labels)
            assert made.shape == (2, 3, side, side) and BigGANDiscriminator(10, 8, side, 32)(made, labels).shape == (2,)
    with pytest.raises(ValueError, match='no published network for images of 100 px; choose 32, 64, 128, 256'):
        BigGANGenerator(size=100)
    with pytest.raises(ValueError, match='noise_dims=120 must be a multiple of 7'):
        BigGANGenerator(noise_dims=120)
    with pytest.raises(ValueError, match='an eighth of the 4 channels'):
        SelfAttention(4)


def test_weights_have_spectral_norm_one():
    layer = spectral(torch.nn.Conv2d(3, 5, 3))
    with torch.no_grad():
        layer.parametrizations.weight.original.mul_(7).add_(torch.randn(5, 3, 3, 3))
        for _ in range(30):  # each pass in training is a step
            layer(torch.zeros(1, 3, 3, 3))
    assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-3)


def test_conditional_norm_by_hand():
    norm, x, code = ConditionalNorm(2, 3), torch.randn(4, 2, 3, 3), torch.randn(4, 3)
    expected = (x - x.mean((0, 2, 3), keepdim=True)) / (x.var((0, 2, 3), unbiased=False, keepdim=True) + 1e-5).sqrt()
    found = norm(x, code)
    gain, bias = (code @ each.weight.T for each in (norm.gain, norm.bias))
    assert torch.allclose(found, expected * (1 + gain)[..., None, None] + bias[..., None, None], atol=1e-4)


def test_attention_against_a_slow_one():
    layer, x = SelfAttention(8).eval(), torch.randn(2, 8, 4, 4)
    assert torch.equal(layer(x), x)
    layer.gamma.data.fill_(0.5)
    expected = x.clone()
    query, key, value = layer.query(x), layer.key(x), layer.value(x)
    for image in range(2):
        pooled = [torch.stack([each[image, :, i:i + 2, j:j + 2].amax((1, 2)) for i in (0, 2) for j in (0, 2)])
                  for each in (key, value)]
        for i in range(4):
            for j in range(4):
                weights = (pooled[0] @ query[image, :, i, j]).softmax(0)
                taken = (weights[:, None] * pooled[1]).sum(0)
                expected[image, :, i, j] += 0.5 * layer.output.weight[:, :, 0, 0] @ taken
    assert torch.allclose(layer(x), expected, atol=1e-5)


class Fixed(torch.nn.Module):
    """Four logits, whatever the images."""

    def forward(self, images, labels):
        return torch.tensor([2.0, 0.5, -3.0, 0.0])[:len(images)]


def test_hinge_losses_by_hand():
    model = tiny()
    model.discriminator = Fixed()
    codes = dict(label=torch.zeros(2, dtype=torch.int64))
    images, samples = torch.zeros(2, 3, 32, 32), DataSample(gt_label=torch.zeros(2, dtype=torch.int64))
    losses = model.discriminator_loss([images], samples, dict(images=images), codes)
    assert losses['loss_discriminator'].item() == pytest.approx((0 + 0.5) / 2 + (0 + 1) / 2)
    assert model.generator_loss(dict(images=images), codes)['loss_generator'].item() == -1.25
    with pytest.raises(ValueError, match="BigGAN needs gt_label.*supervision='image'"):
        model.discriminator_loss([images], None, dict(images=images), codes)


def test_truncated_noise_is_of_samples_alone():
    model = tiny(truncation=0.5)
    assert 0.4 < model.draw_codes(500, 'cpu')['noise'].abs().max() <= 0.5
    assert model.training_codes(500, 'cpu')['noise'].abs().max() > 2
    assert set(model.draw_codes(500, 'cpu')['label'].tolist()) == {0, 1, 2}
    with pytest.raises(ValueError, match='truncation=0 must be above 0'):
        tiny(truncation=0)


def test_a_step_moves_both_halves():
    model = tiny().train()
    for part in (model.generator.blocks[1], model.discriminator.layers[1]):  # where its part is 0, attention learns nothing
        next(each for each in part.modules() if isinstance(each, SelfAttention)).gamma.data.fill_(0.3)
    wrapper = build_optim_wrapper(model, dict(type='AutocastOptimWrapper', dtype='float32', constructor='HalvesConstructor',
                                              optimizer=dict(type='Adam', lr=0.01)))
    before = {name: value.clone() for name, value in model.named_parameters()}
    images = torch.rand(6, 3, 32, 32) * 2 - 1
    logs = model.step_halves(wrapper, [images], DataSample(gt_label=torch.arange(6) % 3))
    assert set(logs) == {'loss_discriminator', 'loss_generator'} and all(value.isfinite() for value in logs.values())
    still = {name for name, value in model.named_parameters() if torch.equal(value, before[name])}
    assert all(name.startswith('average.') for name in still) and still
    model.after_optimizer_step(0.5)
    model.eval()
    found = model(torch.zeros(2, 3, 32, 32), None, mode='predict')[1]
    assert found.pred_image.shape == (3, 32, 32) and 0 <= int(found.pred_codes['label']) < 3


def test_blocks_are_set_free_from_the_noise_on():
    """All weights but the embedding of classes, which stays; the published stages free seven of eight blocks of 256 px."""
    generator = tiny().generator
    owned = {id(each) for block in generator_blocks(generator) for each in block.parameters()}
    assert owned == {id(each) for name, each in generator.named_parameters() if name != 'classes.weight'}
    stages, scale = PUBLISHED['colorization']
    assert [stage.steps for stage in stages] == [200, 200, 300, 400, 300] and scale == 0.5
    assert [stage.blocks for stage in stages] == [2, 3, 4, 5, 6] and stages[0].decay == 0.7 and stages[0].layers == 7
    stages, scale = PUBLISHED['inpainting']
    assert {stage.blocks for stage in stages} == {7} and scale == 0.3
    assert (stages[4].feature_weight, stages[4].pixel_weight) == (0.5, 10.0)
    assert GenerativePrior(tiny(), 'super_resolution').stages[4] == PriorStage(200, 7, 1e-5, 1e-5, 1.0, 1.0, 8)


STAGES = (PriorStage(3, 0, 0.0, 5e-2, 1.0, 1.0), PriorStage(3, 2, 1e-3, 2e-2, 1.0, 1.0, layers=4, decay=0.5),
          PriorStage(3, 5, 1e-3, 1e-2, 1.0, 1.0))


def test_restored_by_the_command(tmp_path):
    """In-painting of a photo by a checkpoint on disk: the known pixels are the photo's, the hole is the generator's."""
    model, _ = build_model(load_config(CONFIG, TINY), device='cpu')
    torch.save(dict(state_dict=model.state_dict(), meta={}), tmp_path / 'biggan.pth')
    photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / 'photo.png'), photo)
    pictures = [cv2.imread(str(restore(
        tmp_path / 'photo.png', CONFIG, tmp_path / 'biggan.pth', 'inpainting', tmp_path / f'{number}.png', options=TINY,
        device='cpu', candidates=4, stages=STAGES, progressive=progressive, codes=codes)))
        for number, (progressive, codes) in enumerate(((True, {}), (False, {}), (True, dict(label=2))))]
    known = np.ones((32, 32), bool)
    known[11:21, 11:21] = False
    assert all(np.array_equal(each[known], photo[known]) for each in pictures)
    holes = [each[~known] for each in pictures]
    assert not np.array_equal(holes[0], holes[1]) and not np.array_equal(holes[0], photo[~known])
    with pytest.raises(ValueError, match='child is no code that BigGAN makes images of; known beforehand can be label'):
        restore(tmp_path / 'photo.png', CONFIG, tmp_path / 'biggan.pth', 'inpainting', tmp_path / 'x.png', options=TINY,
                device='cpu', candidates=1, stages=(), codes=dict(child=1))
