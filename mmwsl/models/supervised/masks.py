"""How models predict class maps of photos: several scales and mirror images, CRF, true tags, and what was given."""

import torch
import torch.nn.functional as F

from mmwsl.ops.tensors import refuse_nan
from mmwsl.refine.dense_crf import PRESETS, dense_crf


def in_file(maps, sample):
    """Maps (1, C, H, W) of the network's input in pixels of the sample's file: without the padding, and resized.

    A sample without ``img_shape`` has no padding, one without ``ori_shape`` was not resized.
    """
    height, width = sample.get('img_shape', maps.shape[2:])
    maps = maps[:, :, :height, :width]
    size = tuple(sample.get('ori_shape', maps.shape[2:]))
    return F.interpolate(maps, size=size, mode='bilinear', align_corners=False)


class MaskPredictor:
    """Part of a model that predicts class maps; the model has ``tensor(images)`` for logits (B, C, h, w)."""

    def set_inference(self, scales=(1.0,), flip=False, true_tags=False, crf=None):
        """Set how predictions are made; see :class:`FCN` for the arguments.

        Raises:
            ValueError: scales that are not positive, or a preset that is not known.
        """
        name = type(self).__name__
        if not scales or min(scales) <= 0:
            raise ValueError(f'{name}: scales={scales} must be positive numbers, at least one')
        if isinstance(crf, str) and crf not in PRESETS:
            raise ValueError(f'{name}: crf={crf!r} is unknown; there are {", ".join(PRESETS)}, or a dict of settings')
        self.scales, self.flip, self.true_tags = tuple(scales), flip, true_tags
        self.crf = PRESETS[crf] if isinstance(crf, str) else crf

    @property
    def given(self):
        """What predictions are given beyond one look at the photo: names for metrics."""
        given = dict(tags=self.true_tags, ms=self.scales != (1.0,), flip=self.flip, crf=self.crf is not None)
        return tuple(name for name, there in given.items() if there)

    @property
    def inference(self):
        """The settings of predictions, for records."""
        return dict(scales=list(self.scales), flip=self.flip, true_tags=self.true_tags, crf=self.crf)

    def predict(self, images, samples):
        """Add ``pred_mask``, in pixels of the original files, to ``samples``, and :attr:`given` as meta information.

        Raises:
            ValueError: NaN among the class scores, ``true_tags`` where a sample has no labels, or ``crf`` where the
                preprocessor does not say by which mean and standard deviation the image was normalized.
        """
        found = self.probabilities(images, samples)
        for image, sample, probabilities in zip(images, samples, found, strict=True):
            allowed = None
            if self.true_tags:
                allowed = true_classes(sample, len(probabilities)).to(probabilities.device)
                probabilities[~allowed] = 0
            if self.crf is not None:
                probabilities = dense_crf(self.photo(image, sample), probabilities, **self.crf)
                if allowed is not None:  # it takes none as impossible
                    probabilities[~allowed] = 0
            sample.pred_mask = probabilities.argmax(0)
            sample.set_metainfo(dict(given=self.given))
        return samples

    def photo(self, image, sample):
        """The photo (3, H, W) in 0..255, in pixels of its file, as far as the network's input (3, h, w) shows it.

        Raises:
            ValueError: the preprocessor has no mean and standard deviation.
        """
        if not hasattr(self.data_preprocessor, 'pixels'):
            raise ValueError('crf needs the colors of the photo, and the data_preprocessor has no mean and std to '
                             'undo; give the model a DetectionPreprocessor, or crf=None')
        colors = self.data_preprocessor.pixels(image.float()[None]).clamp(0, 255)
        return in_file(colors, sample)[0]

    def probabilities(self, images, samples, scales=None, flip=None):
        """Class probabilities (C, H, W) of each image, in pixels of its file: the mean over scales and mirror images.

        Args:
            images, samples: a preprocessed batch.
            scales, flip: in the place of the model's own.

        Raises:
            ValueError: NaN among the class scores.
        """
        flips = (False, True) if (self.flip if flip is None else flip) else (False,)
        totals, views = [0] * len(samples), [(scale, mirrored) for scale in scales or self.scales for mirrored in flips]
        for scale, mirrored in views:
            view = images.flip(3) if mirrored else images
            if scale != 1:
                size = [max(round(side * scale), 1) for side in images.shape[2:]]
                view = F.interpolate(view, size=size, mode='bilinear', align_corners=False)
            logits = refuse_nan(self.tensor(view), 'class scores of pixels')
            logits = F.interpolate(logits, size=images.shape[2:], mode='bilinear', align_corners=False)
            logits = logits.flip(3) if mirrored else logits
            for number, (each, sample) in enumerate(zip(logits, samples, strict=True)):
                totals[number] = totals[number] + in_file(each[None], sample)[0].softmax(0)
        return [total / len(views) for total in totals]


def true_classes(sample, num_classes):
    """Which classes of a map (num_classes,) an image's own labels name, bool; the background is always one.

    Args:
        sample: with ``gt_label`` (num_classes - 1,), tags of the foreground, 1 where there, or else with ``gt_mask``.

    Raises:
        ValueError: it has neither, or tags of another number of classes.
    """
    allowed = torch.zeros(num_classes, dtype=torch.bool)
    allowed[0] = True
    if 'gt_label' in sample and sample.gt_label.ndim == 1:
        if len(sample.gt_label) != num_classes - 1:
            raise ValueError(f'{sample.get("path", "an image")} has tags of {len(sample.gt_label)} classes, its '
                             f'predicted map {num_classes - 1} and the background')
        allowed[1:] = sample.gt_label.cpu() > 0
    elif 'gt_mask' in sample:
        values = sample.gt_mask.unique().cpu().long()
        allowed[values[values < num_classes]] = True
    else:
        raise ValueError(f'true_tags=True needs the labels of {sample.get("path", "an image")}, and it has neither '
                         "tags nor a class map: set supervision='full' on the data to predict, or true_tags=False")
    return allowed
