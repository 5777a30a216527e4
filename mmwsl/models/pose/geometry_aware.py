"""Unsupervised geometry-aware representation for 3-D pose (Rhodin et al. 2018, arXiv:1804.01110)."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.base import Model
from mmwsl.models.layers.norm import build_norm
from mmwsl.models.layers.pooling import cell_means
from mmwsl.ops.tensors import upcast
from mmwsl.registry import HEADS, PRETEXTS
from mmwsl.structures import add_predictions

PIXEL_LOSSES = ('absolute', 'squared')


def rotate_points(points, rotation):
    """Points (B, N, 3) turned by rotations (B, 3, 3): ``L R^T``."""
    return points @ rotation.transpose(1, 2)


def relative_rotation(source, target):
    """Rotations (B, 3, 3) from the source camera's coordinates to the target's: ``R_target R_source^-1``.

    Args:
        source, target: from the world's coordinates to each camera's.
    """
    return target @ source.transpose(1, 2)


def latent_layer(inputs, outputs, norm_cfg=None):
    """A linear layer, with a norm that has no scale and shift of its own after it unless ``norm_cfg`` is None."""
    linear = nn.Linear(inputs, outputs)
    if norm_cfg is None:
        return linear
    return nn.Sequential(linear, build_norm(dict(norm_cfg, affine=False), outputs, dims=0))


@HEADS.register_module()
class ViewDecoder(BaseModule):
    """An image of a latent vector and the target camera's background: doubled in size until it is whole, the
    background beside it at every size.

    Args:
        in_channels: D of the latent.
        channels: widths from the smallest map, of ``size / 2^(len - 1)`` pixels, to the image's.
        size: side of the image, a multiple of ``2^(len(channels) - 1)``.
        dropout: of the latent.
        norm_cfg: config of the normalisation.

    Raises:
        ValueError: a size that cannot be halved so often.
    """

    def __init__(self, in_channels, channels=(512, 256, 128, 64, 32), size=128, dropout=0.3,
                 norm_cfg=dict(type='BN'), init_cfg=None):  # noqa: B006
        super().__init__(init_cfg)
        if size % 2**(len(channels) - 1):
            raise ValueError(f'size={size} must be a multiple of {2**(len(channels) - 1)}, as it is halved '
                             f'{len(channels) - 1} times')
        self.side = size // 2**(len(channels) - 1)
        self.dropout = nn.Dropout(dropout)
        self.first = nn.Linear(in_channels, channels[0] * self.side**2)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(before + 3, width, 3, padding=1, bias=False), build_norm(norm_cfg, width),
                          nn.ReLU(inplace=True),
                          nn.Conv2d(width, width, 3, padding=1, bias=False), build_norm(norm_cfg, width),
                          nn.ReLU(inplace=True))
            for before, width in zip(channels[:1] + channels, channels, strict=False))
        self.last = nn.Conv2d(channels[-1], 3, 1)

    def forward(self, latent, background):
        """Images (B, 3, size, size) of latents (B, D) and backgrounds (B, 3, size, size)."""
        maps = self.first(self.dropout(latent)).unflatten(1, (-1, self.side, self.side))
        for number, block in enumerate(self.blocks):
            if number:
                maps = F.interpolate(maps, scale_factor=2, mode='bilinear', align_corners=False)
            behind = F.adaptive_avg_pool2d(background, maps.shape[2:]).to(maps.dtype)
            maps = block(torch.cat([maps, behind], dim=1))
        return self.last(maps)


@PRETEXTS.register_module()
class GeometryAware(Model):
    """See a person with one camera, and draw what another one sees: the latent points turn as the cameras do.

    Views are the source; the target, another camera's of the same moment; what the target camera sees without the
    person; and optionally the same person at another moment, which appearance is taken from, so that it cannot tell the
    pose. Samples have ``rotation`` (B, 2, 3, 3), of source and target.

    Args:
        backbone: encoder.
        decoder: :class:`ViewDecoder`; ``in_channels`` may be left out.
        points: N of the geometry, N x 3 numbers.
        appearance: number of channels.
        grid: the points are made of the means of so many by so many cells of the last map, side by side, as where a
            hand is seen says much of where it is; the appearance of the mean of the whole map.
        pixel_loss: ``'absolute'``, the paper's, beside which a perceptual network is needed: of pixels alone it is
            least where each has its median, so that what is thin and moves about is not drawn; or ``'squared'``.
        norm_cfg: config of the normalisation of each number of the latent, over the batch, e.g. ``dict(type='BN')``:
            features of all images have much in common, and what they have in common turns with the cameras, too, and
            hides what is of the pose. None: none, as in the paper.
        turns: False leaves the points as they are: an auto-encoder with the same parameters where source and target
            are one view.
        perceptual: config of a network whose feature maps are compared too, or None. It is not trained.
        perceptual_weight: of the mean absolute difference of its maps.

    Raises:
        ValueError: an unknown pixel loss.
    """

    def __init__(self, backbone, decoder, points=200, appearance=128, grid=1, pixel_loss='absolute',
                 norm_cfg=None, turns=True, perceptual=None, perceptual_weight=2.0, **kwargs):
        super().__init__(backbone, **kwargs)
        if pixel_loss not in PIXEL_LOSSES:
            raise ValueError(f'pixel_loss={pixel_loss!r} is unknown; choose one of {", ".join(PIXEL_LOSSES)}')
        width = self.backbone.out_channels[-1]
        self.grid, self.pixel_loss = grid, pixel_loss
        self.to_points = latent_layer(width * grid**2, 3 * points, norm_cfg)
        self.to_appearance = latent_layer(width, appearance, norm_cfg)
        if isinstance(decoder, dict):
            decoder = dict(dict(in_channels=3 * points + appearance), **decoder)
        self.decoder = self.make(decoder)
        self.turns = turns
        self.perceptual = None if perceptual is None else self.make(perceptual).requires_grad_(False).eval()
        self.perceptual_weight = perceptual_weight

    def train(self, mode=True):
        super().train(mode)
        if self.perceptual is not None:
            self.perceptual.eval()
        return self

    def encode(self, images):
        """Geometry (B, N, 3) and appearance (B, A) of images."""
        maps = self.backbone(images)[-1]
        points = upcast(self.to_points(cell_means(maps, self.grid))).unflatten(1, (-1, 3))
        return points, self.to_appearance(cell_means(maps, 1))

    def draw(self, points, appearance, background):
        """Images (B, 3, H, W) of turned points (B, N, 3) and an appearance before a background."""
        return self.decoder(torch.cat([points.flatten(1).to(appearance.dtype), appearance], dim=1), background)

    def synthesize(self, source, rotation, background, person=None):
        """What another camera sees: images (B, 3, H, W).

        Args:
            source: (B, 3, H, W).
            rotation: (B, 2, 3, 3) of the source's camera and of the other.
            background: (B, 3, H, W) of the other.
            person: (B, 3, H, W) that the appearance is taken from; None: from the source.
        """
        points, appearance = self.encode(source)
        if person is not None:
            appearance = self.encode(person)[1]
        if self.turns:
            points = rotate_points(points, relative_rotation(*rotation.to(points.dtype).unbind(1)))
        return self.draw(points, appearance, background)

    def loss(self, views, data_samples):
        """``loss_pixels``, the mean difference, absolute or squared, and perhaps ``loss_perceptual``.

        Args:
            views: [source, target, background] or [source, target, background, person], (B, 3, H, W) each.
            data_samples: with ``rotation``.
        """
        if len(views) not in (3, 4) or data_samples is None or 'rotation' not in data_samples:
            raise ValueError('GeometryAware takes two views of a moment and a background, perhaps the person at '
                             'another moment, and samples with rotation: train on MultiViewFigures, or on '
                             'MultiViewPoses of calibrated cameras')
        source, target, background, *person = views
        made = self.synthesize(source, data_samples.rotation, background, *person)
        difference = upcast(made - target)
        losses = dict(loss_pixels=(difference.abs() if self.pixel_loss == 'absolute' else difference.square()).mean())
        if self.perceptual is not None:
            with torch.no_grad():
                wanted = self.perceptual(target)
            losses['loss_perceptual'] = self.perceptual_weight * sum(
                upcast(one - other).abs().mean() for one, other in zip(self.perceptual(made), wanted, strict=True))
        return losses

    def features(self, images):
        """Geometry (B, 3 N), fp32: the frozen latent that pose is read from; the appearance is of any moment."""
        return self.encode(images)[0].flatten(1).float()

    def predict(self, images, samples):
        """Add ``pred_features`` (3 N,)."""
        return add_predictions(samples, pred_features=self.features(images))
