"""LR-GAN (Yang et al. 2017): a background, then objects pasted on it one after another, each by a mask and a transform.

The authors' samplers need a compiled operator; ``grid_sample`` does the same.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.base import single_view
from mmwsl.models.generative.adversarial import AdversarialModel, fake_loss, real_loss
from mmwsl.models.generative.blocks import BN, Critic, InitialStage, image_layer, init_orthogonal, mask_layer
from mmwsl.registry import MODELS


def affine_transform(values, max_shrink):
    """Matrices (B, 2, 3) that shrink a picture 1 to ``max_shrink`` times and shift it, so that it stays inside.

    ``values`` (B, 3): any numbers, of shrinking and of the shift along x and y. A matrix maps where a pixel lies in the
    canvas to where it lies in the picture, both in [-1, 1]: s x + t with abs(t) <= s - 1.
    """
    shrink = 1 + (max_shrink - 1) * values[:, 0].sigmoid()
    shift = (shrink - 1)[:, None] * values[:, 1:].tanh()
    matrix = torch.eye(2, dtype=values.dtype, device=values.device) * shrink[:, None, None]
    return torch.cat([matrix, shift[..., None]], dim=2)


def sampling_grid(matrix, size):
    """Where the middles of pixels lie by matrices (B, 2, 3): (B, ``size``, ``size``, 2) as (x, y) in [-1, 1].

    As ``F.affine_grid`` without aligned corners, of plain operations, so that it has a gradient on any device.
    """
    middles = (2 * torch.arange(size, dtype=matrix.dtype, device=matrix.device) + 1) / size - 1
    places = torch.stack([middles.expand(size, size), middles[:, None].expand(size, size)], dim=-1).flatten(0, 1)
    return (places @ matrix[:, :, :2].transpose(1, 2) + matrix[:, None, :, 2]).unflatten(1, (size, size))


class LSTMCell(nn.Module):
    """One step of an LSTM, of plain operations, so that it runs on any device.

    ``forward``: (B, D) and the state before, a pair of (B, ``hidden``) or None for zeros, to the state after.
    """

    def __init__(self, dims, hidden):
        super().__init__()
        self.hidden, self.gates = hidden, nn.Linear(dims + hidden, 4 * hidden)

    def forward(self, x, state=None):
        output, cell = state or (x.new_zeros(len(x), self.hidden),) * 2
        enter, forget, value, leave = self.gates(torch.cat([x, output], dim=1)).chunk(4, dim=1)
        cell = forget.sigmoid() * cell + enter.sigmoid() * value.tanh()
        return leave.sigmoid() * cell.tanh(), cell


@MODELS.register_module()
class LayeredGenerator(nn.Module):
    """A noise a step through an LSTM; the first makes the background, each further one an object, a mask, a transform.

    Args:
        noise_dims: D of the noise of a step.
        channels: width at full size.
        size: side of the images.
        steps: of the background and the objects.
        hidden: width of the LSTM.
        max_shrink: objects are at least 1 / ``max_shrink`` of the image's side; without a bound masks may vanish.
        norm_cfg: norm of all blocks.

    Raises:
        ValueError: fewer than two steps, or ``max_shrink`` below 1.
    """

    def __init__(self, noise_dims=100, channels=64, size=128, steps=2, hidden=100, max_shrink=2.0, norm_cfg=BN):
        super().__init__()
        if steps < 2 or max_shrink < 1:
            raise ValueError(f'LayeredGenerator: steps={steps} must be 2 or more (a background, an object), '
                             f'max_shrink={max_shrink} 1 or more')
        self.noise_dims, self.channels, self.size, self.steps = noise_dims, channels, size, steps
        self.max_shrink = max_shrink
        self.recurrent = LSTMCell(noise_dims, hidden)
        self.background = nn.Sequential(InitialStage(hidden, channels, size, norm_cfg), image_layer(channels))
        self.stage = InitialStage(hidden, channels, size, norm_cfg)
        self.image, self.mask = image_layer(channels), mask_layer(channels)
        self.place = nn.Linear(hidden, 3)
        init_orthogonal(self)

    def forward(self, noise):
        """``noise`` (B, steps, D) -> dict: ``background``; of the last object ``foreground`` and ``mask`` (B, 1, H, W)
        where it lies in the canvas; ``images``."""
        state = self.recurrent(noise[:, 0])
        canvas = behind = self.background(state[0])
        for step in range(1, self.steps):
            state = self.recurrent(noise[:, step], state)
            x = self.stage(state[0])
            grid = sampling_grid(affine_transform(self.place(state[0]), self.max_shrink), self.size)
            mask, foreground = (F.grid_sample(each.to(grid.dtype), grid, align_corners=False)
                                for each in (self.mask(x), self.image(x)))
            canvas = (1 - mask) * canvas + mask * foreground
        return dict(background=behind, foreground=foreground, mask=mask, images=canvas)


@MODELS.register_module()
class LRGAN(AdversarialModel):
    """Generate images layer by layer, judged as a whole.

    Args:
        generator: config or module, :class:`LayeredGenerator`.
        channels: width of the discriminator's first convolution.
        norm_cfg: norm of the discriminator.
        kwargs: of :class:`AdversarialModel`.
    """

    def __init__(self, generator, channels=64, norm_cfg=BN, **kwargs):
        super().__init__(generator, **kwargs)
        self.discriminator = Critic(channels, self.generator.size, norm_cfg)

    def draw_codes(self, count, device):
        """``noise`` (B, steps, D) normal."""
        return dict(noise=torch.randn(count, self.generator.steps, self.generator.noise_dims, device=device))

    def generate_with(self, generator, codes):
        return generator(codes['noise'])

    def discriminator_loss(self, inputs, data_samples, fakes, codes):
        real, fake = self.discriminator(single_view(inputs)), self.discriminator(fakes['images'])
        return dict(loss_discriminator=real_loss(real) + fake_loss(fake))

    def generator_loss(self, fakes, codes):
        return dict(loss_generator=real_loss(self.discriminator(fakes['images'])), mask=fakes['mask'].mean())
