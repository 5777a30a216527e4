"""State dicts as the authors of BigGAN publish them: every key finds its place, every weight is filled, images are equal."""

import runpy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from mmwsl.apis import build_model, load_config
from mmwsl.checkpoints.biggan import from_biggan_files, from_published_biggan, is_published_biggan
from mmwsl.models.generative import BigGANDiscriminator, BigGANGenerator

WIDTH, SIZE, CLASSES, CLASS_DIMS, CHUNK = 4, 256, 5, 3, 2
GENERATOR, DISCRIMINATOR = (16, 16, 8, 8, 4, 2, 1), (1, 2, 4, 8, 8, 16, 16)


def layer(state, name, outputs, *inputs, bias=True):
    """A convolution, linear layer or embedding with the spectral norm that they write."""
    state[f'{name}.weight'] = torch.randn(outputs, *inputs)
    state[f'{name}.u0'], state[f'{name}.sv0'] = F.normalize(torch.randn(1, outputs), dim=1), torch.ones(1)
    if bias:
        state[f'{name}.bias'] = torch.randn(outputs) / 10


def block(state, name, inputs, outputs, dims=None, shortcut=True):
    layer(state, f'{name}.conv1', outputs, inputs, 3, 3)
    layer(state, f'{name}.conv2', outputs, outputs, 3, 3)
    if shortcut:
        layer(state, f'{name}.conv_sc', outputs, inputs, 1, 1)
    for number, channels in enumerate((inputs, outputs), 1) if dims else ():
        for part in ('gain', 'bias'):
            layer(state, f'{name}.bn{number}.{part}', channels, dims, bias=False)
        state[f'{name}.bn{number}.stored_mean'] = torch.randn(channels) / 5
        state[f'{name}.bn{number}.stored_var'] = torch.rand(channels) + 0.5


def attention(state, name, channels):
    for part, (outputs, inputs) in dict(theta=(channels // 8, channels), phi=(channels // 8, channels),
                                        g=(channels // 2, channels), o=(channels, channels // 2)).items():
        layer(state, f'{name}.{part}', outputs, inputs, 1, 1, bias=False)
    state[f'{name}.gamma'] = torch.tensor(0.7)


def made_up():
    """Files of a generator and of a discriminator."""
    torch.manual_seed(0)
    first, second = {'shared.weight': torch.randn(CLASSES, CLASS_DIMS)}, {}
    layer(first, 'linear', 16 * GENERATOR[0] * WIDTH, CHUNK)
    for number, (inputs, outputs) in enumerate(zip(GENERATOR, GENERATOR[1:], strict=False)):
        block(first, f'blocks.{number}.0', inputs * WIDTH, outputs * WIDTH, CLASS_DIMS + CHUNK)
    attention(first, 'blocks.3.1', GENERATOR[4] * WIDTH)
    first.update({'output_layer.0.gain': torch.rand(WIDTH) + 0.5, 'output_layer.0.bias': torch.randn(WIDTH),
                  'output_layer.0.stored_mean': torch.randn(WIDTH), 'output_layer.0.stored_var': torch.rand(WIDTH) + 0.5})
    layer(first, 'output_layer.2', 3, WIDTH, 3, 3)
    widths = [3] + [each * WIDTH for each in DISCRIMINATOR]
    for number, (inputs, outputs) in enumerate(zip(widths, widths[1:], strict=False)):
        block(second, f'blocks.{number}.0', inputs, outputs, shortcut=number < 6)
    attention(second, 'blocks.1.1', DISCRIMINATOR[1] * WIDTH)
    layer(second, 'linear', 1, DISCRIMINATOR[-1] * WIDTH)
    layer(second, 'embed', CLASSES, DISCRIMINATOR[-1] * WIDTH, bias=False)
    return first, second


class Theirs:
    """What these files mean, in functions of tensors."""

    def __init__(self, state):
        self.state = state

    def weight(self, name):
        """Divided by what one step of the power iteration gives."""
        matrix = self.state[f'{name}.weight'].flatten(1)
        right = F.normalize(self.state[f'{name}.u0'] @ matrix, dim=1)
        return self.state[f'{name}.weight'] / (matrix @ right.T).norm()

    def conv(self, name, x):
        weight = self.weight(name)
        return F.conv2d(x, weight, self.state.get(f'{name}.bias'), padding=weight.shape[-1] // 2)

    def linear(self, name, x):
        return F.linear(x, self.weight(name), self.state.get(f'{name}.bias'))

    def norm(self, name, x, gain, bias):
        mean, variance = (self.state[f'{name}.stored_{part}'][:, None, None] for part in ('mean', 'var'))
        return (x - mean) / (variance + 1e-5).sqrt() * gain[..., None, None] + bias[..., None, None]

    def attend(self, name, x):
        theta, (phi, g) = self.conv(f'{name}.theta', x), (F.max_pool2d(self.conv(f'{name}.{each}', x), 2) for each in ('phi', 'g'))
        weights = torch.einsum('bcp,bcq->bpq', theta.flatten(2), phi.flatten(2)).softmax(2)
        taken = torch.einsum('bpq,bcq->bcp', weights, g.flatten(2)).view(len(x), -1, *x.shape[2:])
        return x + self.state[f'{name}.gamma'] * self.conv(f'{name}.o', taken)

    def generate(self, noise, labels):
        chunks = noise.split(CHUNK, 1)
        x = self.linear('linear', chunks[0]).view(len(noise), -1, 4, 4)
        for number, chunk in enumerate(chunks[1:]):
            name, code = f'blocks.{number}.0', torch.cat([self.state['shared.weight'][labels], chunk], 1)
            y, x = x, F.interpolate(x, scale_factor=2)
            for part in (1, 2):
                norm = f'{name}.bn{part}'
                y = F.relu(self.norm(norm, y, 1 + self.linear(f'{norm}.gain', code), self.linear(f'{norm}.bias', code)))
                y = self.conv(f'{name}.conv{part}', F.interpolate(y, scale_factor=2) if part == 1 else y)
            x = y + self.conv(f'{name}.conv_sc', x)
            x = self.attend('blocks.3.1', x) if number == 3 else x
        x = self.norm('output_layer.0', x, self.state['output_layer.0.gain'], self.state['output_layer.0.bias'])
        return self.conv('output_layer.2', F.relu(x)).tanh()

    def judge(self, x, labels):
        for number in range(7):
            name = f'blocks.{number}.0'
            y = self.conv(f'{name}.conv2', F.relu(self.conv(f'{name}.conv1', F.relu(x) if number else x)))
            if number < 6:
                y, x = F.avg_pool2d(y, 2), F.avg_pool2d(self.conv(f'{name}.conv_sc', x), 2)
            x = self.attend('blocks.1.1', x + y) if number == 1 else x + y
        x = F.relu(x).sum((2, 3))
        return self.linear('linear', x)[:, 0] + (self.weight('embed')[labels] * x).sum(1)


def test_images_and_logits_are_theirs():
    """No weight is left as it was, no key of the files unused, and both networks compute the same."""
    torch.set_num_threads(1)
    files = made_up()
    generator = BigGANGenerator(CLASSES, 7 * CHUNK, WIDTH, SIZE, CLASS_DIMS).eval()
    discriminator = BigGANDiscriminator(CLASSES, WIDTH, SIZE).eval()
    for network, file in zip((generator, discriminator), files, strict=True):
        assert is_published_biggan(file) and not is_published_biggan(network.state_dict())
        state = from_published_biggan(file)
        left = set(network.state_dict()) - set(state)
        assert all(name.endswith('num_batches_tracked') for name in left)
        used = {id(value) for value in state.values()}
        assert all(id(value) in used for key, value in file.items() if not key.endswith(('u0', 'sv0')))
        network.load_state_dict(state, strict=False)
        assert not set(state) - set(network.state_dict())
    noise, labels = torch.randn(2, 7 * CHUNK), torch.tensor([4, 1])
    with torch.no_grad():
        made = generator(noise, labels)
        assert torch.allclose(made, Theirs(files[0]).generate(noise, labels), atol=1e-4) and made.std() > 0.05
        logits = discriminator(made, labels)
        assert torch.allclose(logits, Theirs(files[1]).judge(made, labels), rtol=1e-3, atol=1e-3)


def test_files_to_a_checkpoint(tmp_path):
    """The script writes one that the config's model is built from; of norms of the authors' own kind as well."""
    torch.set_num_threads(1)
    first, second = made_up()
    first = {key.replace('bn1.stored', 'bn1.bn.stored'): value for key, value in first.items()}
    first['blocks.0.0.bn1.bn.accumulation_counter'] = torch.zeros(1)
    for name, state in (('G_ema', first), ('D', second)):
        torch.save(state, tmp_path / f'{name}.pth')
    script = runpy.run_path(str(Path(__file__).resolve().parents[2] / 'tools' / 'model_converters' / 'biggan.py'))
    script['main']([str(tmp_path / name) for name in ('G_ema.pth', 'D.pth', 'biggan.pth')])
    cfg = load_config('mmwsl::generative/biggan/biggan_g96_8xb256-const-224e_imagenet.py', {
        'model.generator.channels': WIDTH, 'model.generator.noise_dims': 7 * CHUNK, 'model.generator.num_classes': CLASSES,
        'model.generator.class_dims': CLASS_DIMS, 'model.discriminator.channels': WIDTH,
        'model.discriminator.num_classes': CLASSES})
    with pytest.raises(ValueError, match='G_ema.pth is one network of BigGAN as its authors publish it; tools/model_conv'):
        build_model(cfg, tmp_path / 'G_ema.pth', device='cpu', whole=True)
    model, _ = build_model(cfg, tmp_path / 'biggan.pth', device='cpu', whole=True)
    assert torch.equal(model.average.output[0].running_mean, first['output_layer.0.stored_mean'])
    assert torch.equal(model.generator.blocks[2].norm1.norm.running_var, first['blocks.2.0.bn1.bn.stored_var'])
    assert torch.equal(model.discriminator.layers[3].conv1.parametrizations.weight.original, second['blocks.2.0.conv1.weight'])


def test_what_has_no_place_is_refused():
    first, second = made_up()
    with pytest.raises(ValueError, match='give G_ema.pth as the first and D.pth as the second'):
        from_biggan_files(second, first)
    for name in ('blocks.0.0.conv3.weight', 'bn.weight', 'linear.u1', 'blocks.1.1.h.weight'):
        with pytest.raises(ValueError, match=f'{name} has no place in ours'):
            from_published_biggan({**second, name: torch.zeros(1)})
