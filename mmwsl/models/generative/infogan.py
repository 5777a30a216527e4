"""InfoGAN (Chen et al. 2016): a code that the image must tell, by a head on the discriminator's trunk."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.base import single_view
from mmwsl.models.generative.adversarial import AdversarialModel, fake_loss, one_hot, real_loss
from mmwsl.models.generative.blocks import BN, Encoder, InitialStage, image_layer, init_orthogonal, leaky_block
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS


@MODELS.register_module()
class CodeGenerator(nn.Module):
    """Noise and a categorical code to an image.

    Args:
        num_codes: C.
        noise_dims: D of the noise.
        channels: width at full size.
        size: side of the images.
        norm_cfg: norm of all blocks.
    """

    def __init__(self, num_codes, noise_dims=100, channels=64, size=128, norm_cfg=BN):
        super().__init__()
        self.num_codes, self.noise_dims, self.size = num_codes, noise_dims, size
        self.stage = InitialStage(noise_dims + num_codes, channels, size, norm_cfg)
        self.image = image_layer(channels)
        init_orthogonal(self)

    def forward(self, noise, code):
        """``noise`` (B, D), ``code`` (B, C) one-hot -> (B, 3, H, W) in [-1, 1]."""
        return self.image(self.stage(torch.cat([code, noise], dim=1)))


@MODELS.register_module()
class CodeDiscriminator(nn.Module):
    """An image to a logit, positive for real, and to logits of its code.

    Args:
        num_codes: C.
        channels: width of the first convolution.
        size: side of the images.
        norm_cfg: norm of all blocks but the first.
    """

    def __init__(self, num_codes, channels=64, size=128, norm_cfg=BN):
        super().__init__()
        self.trunk = Encoder(channels, size, norm_cfg)
        width = self.trunk.out_channels
        self.real = nn.Conv2d(width, 1, 4)
        self.code = nn.Sequential(leaky_block(width, width, norm_cfg), nn.Conv2d(width, num_codes, 4))
        init_orthogonal(self)

    def forward(self, images):
        """(B, 3, H, W) -> logits (B,), code logits (B, C)."""
        x = self.trunk(images)
        return self.real(x).flatten(), self.code(x).flatten(1)


@MODELS.register_module()
class InfoGAN(AdversarialModel):
    """Generate images whose categorical code can be told from them.

    Args:
        generator: config or module, :class:`CodeGenerator`.
        discriminator: config or module, :class:`CodeDiscriminator`.
        information_weight: of the cross-entropy of the code; both halves minimise it.
        kwargs: of :class:`AdversarialModel`.
    """

    def __init__(self, generator, discriminator, information_weight=1.0, **kwargs):
        super().__init__(generator, **kwargs)
        self.discriminator = self.make(discriminator)
        self.information_weight = information_weight

    def draw_codes(self, count, device):
        """``noise`` (B, D) normal, ``child`` (B,) the code's number."""
        return dict(noise=torch.randn(count, self.generator.noise_dims, device=device),
                    child=torch.randint(self.generator.num_codes, (count,), device=device))

    def generate_with(self, generator, codes):
        return dict(images=generator(codes['noise'], one_hot(codes['child'], generator.num_codes)))

    def discriminator_loss(self, inputs, data_samples, fakes, codes):
        real, _ = self.discriminator(single_view(inputs))
        fake, code = self.discriminator(fakes['images'])
        return dict(loss_discriminator=real_loss(real) + fake_loss(fake),
                    loss_code_discriminator=self.information_weight * F.cross_entropy(upcast(code), codes['child']))

    def generator_loss(self, fakes, codes):
        fake, code = self.discriminator(fakes['images'])
        return dict(loss_generator=real_loss(fake),
                    loss_code=self.information_weight * F.cross_entropy(upcast(code), codes['child']),
                    code_accuracy=(code.argmax(1) == codes['child']).float().mean())
