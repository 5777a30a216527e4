"""StackGAN-v2 (Zhang et al. 2018), unconditional: images of several sizes at once, each judged at its own."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.base import single_view
from mmwsl.models.generative.adversarial import AdversarialModel, fake_loss, real_loss
from mmwsl.models.generative.blocks import BN, Critic, InitialStage, NextStage, image_layer, init_orthogonal
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS


def color_statistics(images):
    """Mean (B, 3) and covariance (B, 3, 3) of the colors of each image (B, 3, H, W), in fp32 at least."""
    colors = upcast(images).flatten(2)
    mean = colors.mean(2)
    centered = colors - mean[..., None]
    return mean, centered @ centered.transpose(1, 2) / colors.shape[2]


@MODELS.register_module()
class StackGenerator(nn.Module):
    """Noise to images of ``branches`` sizes, each twice the one before.

    Args:
        noise_dims: D of the noise, which every stage gets.
        channels: width of the first branch; each further one has half of it.
        size: side of the last image.
        branches: number of images.
        blocks: residual blocks of a further stage.
        norm_cfg: norm of all blocks.
    """

    def __init__(self, noise_dims=100, channels=64, size=256, branches=3, blocks=2, norm_cfg=BN):
        super().__init__()
        self.noise_dims, self.channels, self.size = noise_dims, channels, size
        self.first = InitialStage(noise_dims, channels, size // 2**(branches - 1), norm_cfg, keep_last=False)
        widths = [channels // 2**number for number in range(branches)]
        self.further = nn.ModuleList(NextStage(width, noise_dims, blocks, norm_cfg, double=True)
                                     for width in widths[:-1])
        self.images = nn.ModuleList(image_layer(width) for width in widths)
        init_orthogonal(self)

    def forward(self, noise):
        """(B, D) -> list of (B, 3, h, w) in [-1, 1], the smallest first."""
        x = self.first(noise)
        images = [self.images[0](x)]
        for stage, layer in zip(self.further, self.images[1:], strict=True):
            x = stage(x, noise)
            images.append(layer(x))
        return images


@MODELS.register_module()
class StackGANv2(AdversarialModel):
    """Generate several sizes at once; colors of each are held near to those of the size before.

    Args:
        generator: config or module, :class:`StackGenerator`.
        channels: width of the discriminators' first convolution.
        color_weight, mean_weight, covariance_weight: of the consistency of colors, and within it of the squared
            differences of means and of covariances; published for images without conditions.
        norm_cfg: norm of the discriminators.
        kwargs: of :class:`AdversarialModel`.
    """

    halves = dict(discriminator=('discriminators',), generator=('generator',))

    def __init__(self, generator, channels=64, color_weight=50.0, mean_weight=1.0, covariance_weight=5.0, norm_cfg=BN,
                 **kwargs):
        super().__init__(generator, **kwargs)
        count = len(self.generator.images)
        self.sizes = [self.generator.size // 2**(count - 1 - number) for number in range(count)]
        self.discriminators = nn.ModuleList(Critic(channels, size, norm_cfg) for size in self.sizes)
        self.color_weight, self.mean_weight = color_weight, mean_weight
        self.covariance_weight = covariance_weight

    @property
    def critic(self):
        return self.discriminators[-1].trunk

    def draw_codes(self, count, device):
        """``noise`` (B, D) normal."""
        return dict(noise=torch.randn(count, self.generator.noise_dims, device=device))

    def generate_with(self, generator, codes):
        """``images`` of the last size, and ``images_SIZE`` of all."""
        made = generator(codes['noise'])
        return {f'images_{size}': each for size, each in zip(self.sizes, made, strict=True)} | dict(images=made[-1])

    def discriminator_loss(self, inputs, data_samples, fakes, codes):
        images = single_view(inputs)
        losses = {}
        for size, critic in zip(self.sizes, self.discriminators, strict=True):
            real = F.interpolate(images, (size, size), mode='area') if images.shape[-1] != size else images
            losses[f'loss_discriminator_{size}'] = real_loss(critic(real)) + fake_loss(critic(fakes[f'images_{size}']))
        return losses

    def generator_loss(self, fakes, codes):
        losses, before = {}, None
        for size, critic in zip(self.sizes, self.discriminators, strict=True):
            images = fakes[f'images_{size}']
            losses[f'loss_generator_{size}'] = real_loss(critic(images))
            mean, covariance = color_statistics(images)
            if before is not None:  # towards the colors of the size before, which stay
                losses[f'loss_color_{size}'] = self.color_weight * (
                    self.mean_weight * F.mse_loss(mean, before[0].detach())
                    + self.covariance_weight * F.mse_loss(covariance, before[1].detach()))
            before = mean, covariance
        return losses
