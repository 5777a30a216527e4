"""Landmarks by conditional image generation, IMM (Jakab et al. 2018, arXiv:1806.07823)."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.dist import all_mean
from mmwsl.models.base import Model, single_view
from mmwsl.models.layers.norm import build_norm
from mmwsl.models.pose.thin_plate import draw_thin_plates, sample_images
from mmwsl.ops.tensors import upcast
from mmwsl.registry import BACKBONES, HEADS, PRETEXTS
from mmwsl.structures import add_predictions

BATCH_NORM = dict(type='BN')


def axis_positions(length, like):
    """Middles of ``length`` cells from -1 to 1."""
    return (2 * torch.arange(length, device=like.device, dtype=like.dtype) + 1) / length - 1


def expected_points(heat):
    """Landmarks (B, K, 2), x and y in [-1, 1], of maps (B, K, h, w): the mean along one axis, a softmax and its
    expectation along the other."""
    height, width = heat.shape[2:]
    x = heat.mean(2).softmax(-1) @ axis_positions(width, heat)
    y = heat.mean(3).softmax(-1) @ axis_positions(height, heat)
    return torch.stack([x, y], dim=-1)


def render_points(points, size, sigma):
    """Maps (B, K, h, w) of landmarks (B, K, 2): ``exp(-|u - mu|^2 / sigma^2)``, without a half.

    Args:
        points: x and y in [-1, 1].
        size: (h, w).
        sigma: in half sides.
    """
    x = (axis_positions(size[1], points) - points[..., :1])**2  # (B, K, w)
    y = (axis_positions(size[0], points) - points[..., 1:])**2
    return torch.exp(-(y[..., :, None] + x[..., None, :]) / sigma**2)


def border_mask(size, share, like):
    """(h, w), 1 inside, falling to 0 along the outermost ``share`` of each side: what a warp brings in there is made
    up."""
    sides = [((1 - axis_positions(length, like).abs()) / (2 * share)).clamp(max=1) for length in size]
    return sides[0][:, None] * sides[1]


def _conv(inputs, outputs, norm_cfg, kernel=3, stride=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=norm_cfg is None),
                         *([] if norm_cfg is None else [build_norm(norm_cfg, outputs)]), nn.ReLU(inplace=True))


@BACKBONES.register_module()
class PairedConvs(BaseModule):
    """The encoders of the paper: 7 x 7 and 3 x 3 convolutions, then pairs that halve the side and double the width.

    Args:
        channels: of the first pair (32).
        stages: number of further pairs; three make 16 x 16 x 256 of 128 pixels.
        in_channels: of the image.
        norm_cfg: config of the normalisation.

    Returns of ``forward``: tuple of one map (B, channels x 2^stages, H / 2^stages, W / 2^stages).
    """

    def __init__(self, channels=32, stages=3, in_channels=3, norm_cfg=BATCH_NORM, init_cfg=None):
        super().__init__(init_cfg)
        layers = [_conv(in_channels, channels, norm_cfg, 7), _conv(channels, channels, norm_cfg)]
        for _ in range(stages):
            layers += [_conv(channels, 2 * channels, norm_cfg, stride=2), _conv(2 * channels, 2 * channels, norm_cfg)]
            channels *= 2
        self.layers, self.out_channels = nn.Sequential(*layers), [channels]

    def forward(self, images):
        return (self.layers(images),)


@HEADS.register_module()
class LandmarkDecoder(BaseModule):
    """The renderer of the paper: pairs of convolutions, each but the last followed by bilinear enlarging, to an image.

    Args:
        in_channels: of appearance and landmarks together.
        channels: of the first pair; each further one has half.
        stages: how often the side is doubled.
        norm_cfg: config of the normalisation.
    """

    def __init__(self, in_channels, channels=256, stages=3, norm_cfg=BATCH_NORM, init_cfg=None):
        super().__init__(init_cfg)
        self.pairs = nn.ModuleList()
        for stage in range(stages + 1):
            self.pairs.append(nn.Sequential(
                _conv(in_channels, channels, norm_cfg), _conv(channels, channels, norm_cfg)))
            in_channels, channels = channels, max(channels // 2, 8) if stage < stages else channels
        self.last = nn.Conv2d(in_channels, 3, 3, padding=1)

    def forward(self, maps):
        """Images (B, 3, H, W) of maps (B, C, h, w)."""
        for number, pair in enumerate(self.pairs):
            maps = pair(maps)
            if number + 1 < len(self.pairs):
                maps = F.interpolate(maps, scale_factor=2, mode='bilinear', align_corners=False)
        return self.last(maps)


@PRETEXTS.register_module()
class LandmarkGeneration(Model):
    """Make the target image from the source's appearance and the target's landmarks alone: K points are all that may
    pass of its pose.

    Source and target are two thin-plate warps of an image, or two frames of a clip (B, T, 3, H, W), drawn at random.
    The loss is ``1000 sum_k mean(mask (phi_k(target) - phi_k(made))^2) / EMA_k`` over the image itself and the maps
    of a perceptual network, each divided by its own running mean.

    Args:
        backbone: encoder of the pose, to a map of which a 1 x 1 convolution makes K.
        appearance: encoder of the appearance, not shared; maps of the same size.
        decoder: :class:`LandmarkDecoder`; ``in_channels`` may be left out.
        landmarks: K.
        sigma: of the drawn landmarks, in half sides.
        perceptual: config of a network whose feature maps are compared too, or None: pixels alone. It is not trained.
        normalizers: what the running means start from, the image's first.
        momentum: of the running means.
        source, target: arguments of :func:`mmwsl.models.pose.thin_plate.draw_thin_plates` for both warps.
        border: see :func:`border_mask`; of warps alone.
        weight: of the loss.

    Raises:
        ValueError: another number of normalizers than of what is compared.
    """

    def __init__(self, backbone, appearance, decoder, landmarks=10, sigma=0.1, perceptual=None,
                 normalizers=(100.0, 1.6, 2.3, 1.8, 2.8, 100.0), momentum=0.99, source=None, target=None, border=0.1,
                 weight=1000.0, **kwargs):
        super().__init__(backbone, **kwargs)
        self.appearance = self.make(appearance)
        self.heat = nn.Conv2d(self.backbone.out_channels[-1], landmarks, 1, bias=False)  # a softmax would not see it
        if isinstance(decoder, dict):
            decoder = dict(dict(in_channels=self.appearance.out_channels[-1] + landmarks), **decoder)
        self.decoder = self.make(decoder)
        self.perceptual = None if perceptual is None else self.make(perceptual).requires_grad_(False).eval()
        compared = 1 if perceptual is None else 1 + len(self.perceptual.out_channels)
        if len(normalizers) != compared:
            raise ValueError(f'normalizers has {len(normalizers)} numbers, but {compared} are compared: the image'
                             + ('' if perceptual is None else ' and the maps of the perceptual network'))
        self.register_buffer('running', torch.tensor(normalizers, dtype=torch.float32))
        self.sigma, self.momentum, self.border, self.weight = sigma, momentum, border, weight
        self.source = dict(rotation=5.0, scale=0.1, translation=0.1, warp=(0.001, 0.01), **(source or {}))
        self.target = dict(translation=0.1, warp=(0.001, 0.005), **(target or {}))

    def encoders(self):
        return [self.backbone, self.appearance]

    def train(self, mode=True):
        super().train(mode)
        if self.perceptual is not None:
            self.perceptual.eval()
        return self

    def pair(self, inputs):
        """Source and target (B, 3, H, W), and whether they are warps."""
        if inputs.ndim == 5:
            numbers = torch.rand(inputs.shape[:2], device=inputs.device).argsort(1)[:, :2]
            rows = torch.arange(len(inputs), device=inputs.device)
            return inputs[rows, numbers[:, 0]], inputs[rows, numbers[:, 1]], False
        shape = (len(inputs), *inputs.shape[2:], inputs.device)
        return (sample_images(inputs, draw_thin_plates(*shape, **self.source)),
                sample_images(inputs, draw_thin_plates(*shape, **self.target)), True)

    def points(self, images):
        """Landmarks (B, K, 2) of images, x and y in [-1, 1], at least fp32."""
        return expected_points(upcast(self.heat(self.backbone(images)[-1])))

    def render(self, source, points):
        """Images (B, 3, H, W) with the appearance of ``source`` and these landmarks."""
        appearance = self.appearance(source)[-1]
        maps = render_points(points, appearance.shape[2:], self.sigma).to(appearance.dtype)
        return self.decoder(torch.cat([appearance, maps], dim=1))

    def loss(self, views, data_samples=None):
        """See the class; with ``error``, the mean squared error of the pixels.

        Args:
            views: images (B, 3, H, W) or clips (B, T, 3, H, W), or a list of one such view.
            data_samples: not read.
        """
        source, target, warped = self.pair(single_view(views))
        made = self.render(source, self.points(target))
        levels = [(target, made)]
        if self.perceptual is not None:
            with torch.no_grad():
                wanted = self.perceptual(target)
            levels += zip(wanted, self.perceptual(made), strict=True)
        errors = torch.stack([self._error(*level, warped) for level in levels])
        if self.training:  # the running means are those of all ranks
            with torch.no_grad():
                self.running.lerp_(all_mean(errors.detach().clone()), 1 - self.momentum)
        return dict(loss=self.weight * (errors / self.running).sum(), error=errors[0].detach())

    def _error(self, wanted, made, warped):
        squared = upcast(wanted - made).square()
        return (squared * border_mask(wanted.shape[2:], self.border, squared)).mean() if warped else squared.mean()

    def predict(self, images, samples):
        """Add ``pred_points`` (K, 2), x and y in pixels, and what every model predicts."""
        x, y = ((self.points(images) + 1) / 2).unbind(-1)
        pixels = torch.stack([x * images.shape[3], y * images.shape[2]], dim=-1)
        return add_predictions(super().predict(images, samples), pred_points=pixels)
