"""BigGAN (Brock et al. 2019): images of a class, by networks so large that they know what photos look like.

Unlike the others here it is told the class of every training image. It is here as a prior (:mod:`prior` beside this),
whose published results are on it.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.base import single_view
from mmwsl.models.generative.adversarial import AdversarialModel
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS


@MODELS.register_module()
class BigGAN(AdversarialModel):
    """Generate images of given classes, against a discriminator that knows the class, by the hinge loss.

    Args:
        generator: config or module, :class:`BigGANGenerator`.
        discriminator: config or module, :class:`BigGANDiscriminator`.
        truncation: of samples, not of training: noise beyond it is drawn anew, so that images vary less and look
            better; None = none is.
        kwargs: of :class:`AdversarialModel`.

    Raises:
        ValueError: ``truncation`` is not above 0.
    """

    def __init__(self, generator, discriminator, truncation=None, **kwargs):
        super().__init__(generator, **kwargs)
        if truncation is not None and truncation <= 0:
            raise ValueError(f'BigGAN: truncation={truncation} must be above 0; None leaves the noise as it is')
        self.discriminator, self.truncation = self.make(discriminator), truncation

    def _normal_codes(self, count, device):
        return dict(noise=torch.randn(count, self.generator.noise_dims, device=device),
                    label=torch.randint(self.generator.num_classes, (count,), device=device))

    def training_codes(self, count, device):
        """``noise`` (B, D) normal, ``label`` (B,) any class."""
        return self._normal_codes(count, device)

    def draw_codes(self, count, device):
        """As :meth:`training_codes`, with truncated noise."""
        codes = self._normal_codes(count, device)
        if self.truncation is not None:
            nn.init.trunc_normal_(codes['noise'], a=-self.truncation, b=self.truncation)
        return codes

    def generate_with(self, generator, codes):
        return dict(images=generator(codes['noise'], codes['label']))

    def discriminator_loss(self, inputs, data_samples, fakes, codes):
        labels = data_samples.get('gt_label') if data_samples is not None else None
        if not isinstance(labels, torch.Tensor) or labels.ndim != 1:
            raise ValueError("BigGAN needs gt_label of the training images, one class of each; give the data set "
                             "supervision='image'")
        # in one pass, as each pass in training is a step of the power iterations
        logits = self.discriminator(torch.cat([single_view(inputs), fakes['images']]),
                                    torch.cat([labels, codes['label']]))
        real, fake = upcast(logits).split([len(labels), len(codes['label'])])
        return dict(loss_discriminator=F.relu(1 - real).mean() + F.relu(1 + fake).mean())

    def generator_loss(self, fakes, codes):
        return dict(loss_generator=-upcast(self.discriminator(fakes['images'], codes['label'])).mean())

    @property
    def critic(self):
        """The discriminator, whose ``layers`` need no class."""
        return self.discriminator
