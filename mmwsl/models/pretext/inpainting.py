"""Context Encoders: Feature Learning by Inpainting (Pathak et al. 2016)."""

import torch
import torch.nn.functional as F
from torch.func import functional_call

from mmwsl.models.base import Model
from mmwsl.models.layers.images import check_normalization
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import embedding_std, keep_format, upcast
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class Inpainting(Model):
    """Inpaint a region of the image that was filled with one colour; optionally adversarial.

    With a discriminator the two train together by one optimiser in one step: its loss sees a painting without gradient
    to the painter, and the painter's loss sees the discriminator without gradient to its weights. Images are in
    [-1, 1] (``mean=[127.5] * 3, std=[127.5] * 3`` in the preprocessor).

    Args:
        backbone: encoder.
        head: :class:`DenseHead` with 3 outputs for the whole image; resized to it if its side is another.
        hole: ``'center'``, a square of half the image's side, or ``'random'``, regions of a quarter of its area with an
            outline that differs from image to image.
        overlap: pixels by which the filled square is smaller than the painted one on each side; in this band, which the
            network sees, the squared error weighs ten times. For ``'center'`` only; 4 at 128 px in the paper.
        fill: RGB, 0-255, the mean colour.
        discriminator: :class:`ImageDiscriminator` of the painted square, or of the image with its regions painted.
        adversarial_weight: of the painter's adversarial loss; the reconstruction has 1 minus it.

    Raises:
        ValueError: other images, an unknown hole, a negative or useless overlap, a head without 3 outputs.
    """

    OVERLAP_WEIGHT = 10
    AREA = 0.25
    CELLS = 8  # random regions are the low positions of smooth noise with this many values per side

    def __init__(self, backbone, head, hole='center', overlap=0, fill=(117, 104, 123), discriminator=None,
                 adversarial_weight=0.001, **kwargs):
        super().__init__(backbone, **kwargs)
        check_normalization(self.data_preprocessor, 127.5, 127.5, 'Inpainting')
        if hole not in ('center', 'random'):
            raise ValueError(f"hole={hole!r} is unknown; choose 'center' or 'random'")
        if overlap < 0 or (overlap and hole == 'random'):
            raise ValueError(f"overlap={overlap} must be 0 or more, and 0 for hole='random'")
        self.head = self.make(head)
        if self.head.out_channels != 3:
            raise ValueError(f'head.out_channels={self.head.out_channels} must be 3: it paints RGB')
        self.hole, self.overlap = hole, overlap
        self.register_buffer('fill', torch.tensor(fill, dtype=torch.float32).view(1, 3, 1, 1) / 127.5 - 1, False)
        self.discriminator = None if discriminator is None else self.make(discriminator)
        self.adversarial_weight = 0 if discriminator is None else adversarial_weight

    def window(self, images):
        """Crop what is painted: the central square of half the side, or everything."""
        if self.hole == 'random':
            return images
        height, width = images.shape[2] // 4, images.shape[3] // 4
        return images[:, :, height:-height, width:-width]

    def holes(self, images):
        """Where the colour is filled in, (B, 1, H, W) bool, and the weights (B, 1, H, W) of the squared error."""
        if self.hole == 'random':
            noise = torch.rand(len(images), 1, self.CELLS, self.CELLS, device=images.device)
            noise = F.interpolate(noise, size=images.shape[2:], mode='bicubic')
            level = noise.flatten(1).kthvalue(int(self.AREA * noise[0].numel()), dim=1).values
            filled = noise <= level[:, None, None, None]
            return filled, filled.to(images.dtype)
        weight = images.new_zeros(len(images), 1, *images.shape[2:])
        square = self.window(weight)
        square.fill_(self.OVERLAP_WEIGHT)
        edge = self.overlap
        if 2 * edge >= min(square.shape[2:]):
            raise ValueError(f'overlap={edge} leaves no hole in a square of {tuple(square.shape[2:])} px')
        square[:, :, edge:square.shape[2] - edge, edge:square.shape[3] - edge] = 1
        return weight == 1, weight

    def paint(self, images, filled):
        """Feature maps of the images with their holes filled, and the painted images (B, 3, H, W) in [-1, 1]."""
        features = self.backbone(keep_format(torch.where(filled, self.fill.to(images.dtype), images), images))
        painted = upcast(self.head(features)).tanh()
        if painted.shape[2:] != images.shape[2:]:
            painted = F.interpolate(painted, size=images.shape[2:], mode='bilinear')
        return features, painted

    def loss(self, views, data_samples=None):
        images = views[0]  # (B, 3, H, W)
        filled, weight = self.holes(images)  # (B, 1, H, W) both
        features, painted = self.paint(images, filled)
        error = (painted - images).square()
        # mean over what is painted, which is as much in every image
        reconstruction = ((weight * error).sum((1, 2, 3)) / (3 * (weight > 0).sum((1, 2, 3)))).mean()
        result = dict(loss_reconstruction=(1 - self.adversarial_weight) * reconstruction)
        if self.discriminator is not None:
            real, made = self.window(images).to(painted), self.window(torch.where(weight > 0, painted, images))
            fixed = {name: parameter.detach() for name, parameter in self.discriminator.named_parameters()}
            fooled = F.softplus(-functional_call(self.discriminator, fixed, (made,)))  # non-saturating
            caught = F.softplus(-self.discriminator(real)) + F.softplus(self.discriminator(made.detach()))
            result.update(loss_adversarial=self.adversarial_weight * fooled.mean(), loss_discriminator=caught.mean())
        with torch.no_grad():
            squared = (filled * error).sum() / (3 * filled.sum()) / 4  # of pixel values in [0, 1]
            return dict(result, psnr=-10 * squared.log10(), embedding_std=embedding_std(pool(features)))

    @torch.no_grad()
    def complete(self, images):
        """Images in [-1, 1] with new holes painted by the network, and where the holes were (B, 1, H, W)."""
        filled, _ = self.holes(images)
        _, painted = self.paint(images, filled)
        return torch.where(filled, painted, images), filled
