"""PCNet-C of Self-Supervised Scene De-occlusion (Zhan et al. 2020): content of hidden parts, by the object's shape."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call

from mmwsl.models.base import Model
from mmwsl.models.scenes.pcnet_m import modal_masks
from mmwsl.ops.occlusion import draw_erasers, object_squares, paste_maps, random_windows
from mmwsl.ops.occlusion.crops import cut_images, cut_masks
from mmwsl.ops.occlusion.order import mask_boxes
from mmwsl.ops.tensors import upcast
from mmwsl.registry import MODELS


def total_variation(images, hole):
    """Mean absolute difference of neighbors, both in the hole grown by a pixel; (B, C, H, W) and (B, 1, H, W)."""
    near = F.max_pool2d(hole, 3, 1, 1)
    across = (images[..., 1:] - images[..., :-1]).abs() * near[..., 1:] * near[..., :-1]
    down = (images[..., 1:, :] - images[..., :-1, :]).abs() * near[..., 1:, :] * near[..., :-1, :]
    return across.mean() + down.mean()


def gram(features):
    """Gram matrices (B, C, C) of a feature map, divided by its size."""
    flat = upcast(features).flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()


@MODELS.register_module()
class PCNetC(Model):
    """Partial completion of content: paint what a random eraser takes from an object, told where the object is.

    Windows of :class:`ObjectCrops` in training; the hole is what the eraser takes from the object, and the network is
    told the object's mask, so that what it paints belongs to it. It sees nothing of what the eraser covers beside the
    object, either: in ``predict``, where the hole is what a whole shape has beyond the visible part, what hides the
    object would be there, and its color must not run into the object's edge. In ``background`` of the windows the
    background is painted, and no object is seen.

    Args:
        backbone: :class:`PartialUNet` with 4 input channels, the image and the mask.
        size: side of the network's input.
        guided: False: plain in-painting; the hole is all that the eraser covers, the mask is everything, and in
            ``predict`` no other object is seen.
        background: share of windows in which the background is the object.
        from_mean: paint what differs from the mean of the object's known pixels, not the pixels themselves; a network
            that has learnt nothing fills by the mean.
        valid_weight, hole_weight, variation_weight: of the absolute error outside and inside the hole, and of
            :func:`total_variation`.
        perceptual: a backbone whose maps are compared, of the output and of the composite; its parameters stay as they
            are. None for none.
        perceptual_weight, style_weight: of the difference of its maps, and of their Gram matrices.
        discriminator: of 4 channels, as the backbone; None for none.
        adversarial_weight: of the painter's adversarial loss.
        shift, scale, flip, eraser_scale: see :class:`PCNetM`.
        enlarge: of the squares about whole shapes in ``predict``, see :func:`object_squares`.
        grow: pixels by which the objects are grown before the background behind them is painted; drawn masks leave
            some of an object's edge outside.
    """

    def __init__(self, backbone, size=256, guided=True, background=0.2, valid_weight=1.0, hole_weight=6.0,
                 variation_weight=0.1, perceptual=None, perceptual_weight=0.1, style_weight=250.0, discriminator=None,
                 adversarial_weight=0.1, shift=0.2, scale=(0.8, 1.2), flip=0.5, eraser_scale=(0.8, 1.2), enlarge=3.0,
                 grow=0, from_mean=False, **kwargs):
        super().__init__(backbone, **kwargs)
        self.head = nn.Conv2d(self.backbone.out_channels[-1], 3, 1)
        self.from_mean = from_mean
        if from_mean:
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)
        self.size, self.guided, self.background, self.enlarge = size, guided, background, enlarge
        self.grow = grow
        self.valid_weight, self.hole_weight, self.variation_weight = valid_weight, hole_weight, variation_weight
        self.windows, self.eraser_scale = dict(shift=shift, scale=tuple(scale), flip=flip), tuple(eraser_scale)
        self.perceptual = None if perceptual is None else self.make(perceptual).requires_grad_(False)
        self.perceptual_weight, self.style_weight = perceptual_weight, style_weight
        self.discriminator = None if discriminator is None else self.make(discriminator)
        self.adversarial_weight = adversarial_weight

    def paint(self, images, unknown, mask):
        """Images (B, 3, S, S) of normalized pixels, painted anew without a look at pixels that are ``unknown``.

        Args:
            unknown, mask: bool (B, 1, S, S); the mask is the whole object, also where it is unknown.
        """
        known = (~unknown).float()
        guide = mask.float() if self.guided else torch.ones_like(known)
        seen = torch.cat([images * known, guide], dim=1).contiguous(memory_format=torch.channels_last)
        painted = upcast(self.head(self.backbone(seen, known)[-1]))
        if self.from_mean:
            own = known * guide
            mean = (images * own).sum((2, 3), keepdim=True) / own.sum((2, 3), keepdim=True).clamp(min=1)
            painted = painted + mean
        return painted

    def draw(self, masks, others):
        """The mask of what is painted, what is unknown of the image, and the hole, the unknown part that is learnt.

        Args:
            masks, others: bool (B, 1, S, S), an object and all others.
        """
        behind = torch.rand(len(masks), 1, 1, 1, device=masks.device) < self.background
        eraser = draw_erasers(masks, scale=self.eraser_scale)
        objects = masks | others
        mask = masks | behind
        unknown = eraser | (objects & behind)
        hole = eraser & torch.where(behind, ~objects, masks) if self.guided else eraser
        return mask, unknown, hole

    def loss(self, views, data_samples=None):
        maps = [views[0], data_samples.gt_instance_masks, data_samples.gt_other_masks]
        images, masks, others = random_windows(maps, self.size, self.size / maps[0].shape[-1], **self.windows)
        mask, unknown, hole = self.draw(masks, others)
        painted = self.paint(images, unknown, mask)
        error, inside = (painted - images).abs(), hole.float()
        result = dict(
            loss_valid=self.valid_weight * (error * ~unknown).mean(),
            loss_hole=self.hole_weight * (error * inside).mean(),
            loss_variation=self.variation_weight * total_variation(torch.where(hole, painted, images), inside))
        if self.perceptual is not None:
            result.update(self._perceptual_losses(images, painted, torch.where(hole, painted, images)))
        if self.discriminator is not None:
            result.update(self._adversarial_losses(images, torch.where(hole, painted, images), mask))
        return result

    def _perceptual_losses(self, images, *made):
        true = self.perceptual(images)
        content = style = 0
        for each in made:
            for map_true, map_made in zip(true, self.perceptual(each), strict=True):
                content = content + (upcast(map_made) - upcast(map_true)).abs().mean()
                style = style + (gram(map_made) - gram(map_true)).abs().mean()
        return dict(loss_perceptual=self.perceptual_weight * content, loss_style=self.style_weight * style)

    def _adversarial_losses(self, images, made, mask):
        """The discriminator sees paintings without gradient to the painter, the painter it with its weights fixed."""
        fixed = {name: parameter.detach() for name, parameter in self.discriminator.named_parameters()}
        guide = mask.float()
        fooled = functional_call(self.discriminator, fixed, (torch.cat([made, guide], 1),))
        real, caught = (self.discriminator(torch.cat([each, guide], 1)) for each in (images, made.detach()))
        return dict(loss_adversarial=self.adversarial_weight * F.softplus(-fooled).mean(),
                    loss_discriminator=(F.softplus(-real) + F.softplus(caught)).mean())

    def predict(self, images, samples):
        """Add ``pred_contents`` (N, 3, H, W) and ``pred_background`` (3, H, W), uint8, to samples.

        They have ``gt_instance_masks``, and whole shapes in ``pred_amodal_masks`` or, where those are missing,
        ``gt_amodal_masks``.
        """
        for image, sample in zip(images, samples, strict=True):
            modal, amodal = modal_masks(sample), whole_masks(sample)
            objects = [self._content(image, modal, amodal, number) for number in range(len(modal))]
            sample.pred_contents = torch.stack(objects) if objects else image.new_zeros(
                0, *image.shape, dtype=torch.uint8)
            sample.pred_background = self._background(image, grown(modal.any(0), self.grow))
        return samples

    def _content(self, image, modal, amodal, number):
        hole, whole = amodal[number] & ~modal[number], amodal[number:number + 1]
        hides = (modal & hole).any((1, 2)) if self.guided else torch.ones_like(modal[:, 0, 0])
        hides[number] = False
        unknown = hole | ((modal & hides[:, None, None]).any(0) & ~modal[number])
        square = torch.as_tensor(object_squares(mask_boxes(whole.cpu().numpy()), self.enlarge), dtype=torch.float32,
                                 device=image.device)
        which = torch.zeros(1, dtype=torch.int64, device=image.device)
        unseen, masks = (cut_masks(each, which, square, self.size)[:, None] for each in (unknown[None], whole))
        known = (~unknown)[None].to(image.dtype)  # pixels of the crop are means of known ones alone
        pixels, weights = cut_images(torch.cat([image * known, known])[None], which, square, self.size).split([3, 1], 1)
        crop = pixels / weights.clamp(min=1e-3)
        return self._filled(image, hole, paste_maps(self.paint(crop, unseen, masks), square, *hole.shape)) * whole

    def _background(self, image, covered):
        """The image with all objects painted over, at its own size, as if the background were one more object."""
        height, width = covered.shape
        beyond = [-length % 2**len(self.backbone.down) for length in (width, height)]
        padding = (0, beyond[0], 0, beyond[1])
        hole = F.pad(covered[None, None].float(), padding) > 0.5
        painted = self.paint(F.pad(image[None], padding, mode='replicate'), hole, torch.ones_like(hole))
        return self._filled(image, covered, painted[..., :height, :width])

    def _filled(self, image, hole, painted):
        """uint8 pixels (3, H, W) of a normalized image, in the hole those of ``painted`` (1, 3, H, W)."""
        pixels = torch.where(hole, painted[0], upcast(image))
        return self.data_preprocessor.pixels(pixels[None])[0].round().clamp(0, 255).to(torch.uint8)


def grown(mask, pixels):
    """A mask (H, W) with all that is at most so many pixels away from it, along each axis."""
    return F.max_pool2d(mask[None, None].float(), 2 * pixels + 1, 1, pixels)[0, 0] > 0.5


def whole_masks(sample):
    """The whole shapes (N, H, W) by which content is completed: those that were found, else the true ones."""
    return (sample.pred_amodal_masks if 'pred_amodal_masks' in sample else sample.gt_amodal_masks).bool()
