"""Masks from class maps: the best class of every pixel above a background, refined by colors, void where in doubt."""

import torch
import torch.nn.functional as F

from mmwsl.models.weak.segmentation.maps import with_background
from mmwsl.refine.dense_crf import PRESETS, dense_crf, label_probabilities
from mmwsl.refine.pamr import pamr
from mmwsl.refine.par import par

VOID = 255
REFINERS = ('pamr', 'par', 'dense_crf')


def masks_from_maps(maps, classes, size, image=None, threshold=None, power=None, refiner=None):
    """Mask (H, W) uint8 of one photo: 0 background, class + 1, 255 void.

    With one background score a pixel gets the best of background and classes. With two, the lower one first, it gets a
    class where one is best even against the higher score, the background where it is best even by the lower one, and
    is void else (Ahn et al. 2019, section 4.1).

    Args:
        maps: (k, h, w) in [0, 1], of :func:`normalize_by_maximum`.
        classes: (k,) their classes, from 0.
        size: (H, W) of the photo.
        image: uint8 (3, H, W); refiners see its colors.
        threshold: score of the background, from 0 to 1, or two of them; or ...
        power: ... its score is (1 - largest map) to this power; of two the first is the higher power.
        refiner: dict of ``type``, one of :data:`REFINERS`, and its settings, see :func:`refine_scores`; None = none.

    Raises:
        ValueError: neither or both backgrounds, two in the wrong order, or an unknown refiner.
    """
    threshold, power = _pair(threshold), _pair(power)
    backgrounds = [dict(threshold=each) for each in threshold or ()] + [dict(power=each) for each in power or ()]
    if not backgrounds or (threshold and power):
        raise ValueError(f'threshold={threshold} and power={power}: give one or two scores of the background by one of '
                         'the two')
    if threshold and sorted(threshold) != threshold or power and sorted(power)[::-1] != power:
        raise ValueError(f'threshold={threshold}, power={power}: of two backgrounds the weaker comes first, '
                         'threshold=(0.05, 0.3) or power=(24, 4)')
    if not len(classes):
        return torch.zeros(tuple(size), dtype=torch.uint8)
    maps = F.interpolate(maps.float()[None], size=tuple(size), mode='bilinear', align_corners=False)[0]
    best = []
    for background in backgrounds:
        scores = with_background(maps, **background)
        if refiner:
            scores = refine_scores(scores, image, **refiner)
        best.append(scores.argmax(0))
    numbers = torch.tensor([0, *(int(each) + 1 for each in classes)], device=maps.device)
    strict = numbers[best[-1]]
    mask = strict if len(best) == 1 else torch.where(
        strict > 0, strict, torch.where(best[0] == 0, 0, VOID))
    return mask.to(torch.uint8).cpu()


def _pair(value):
    return None if value is None else [float(each) for each in (value if isinstance(value, (tuple, list)) else [value])]


def refine_scores(scores, image, type, preset=None, confidence=None, **settings):
    """Scores (1 + k, H, W) after a refiner of :mod:`mmwsl.refine`, which follows the colors of the image.

    Args:
        scores: of background and classes, at least 0.
        image: uint8 (3, H, W).
        type: ``'pamr'``, ``'par'`` or ``'dense_crf'``.
        preset: name of one of ``mmwsl.refine.PRESETS``, settings of ``dense_crf``.
        confidence: probability of the best class, and it alone, that ``dense_crf`` starts from; None = the scores.
        settings: of the refiner.

    Raises:
        ValueError: an unknown refiner or preset, or no image.
    """
    if type not in REFINERS:
        raise ValueError(f'refiner {type!r} is unknown; choose one of {", ".join(REFINERS)}, or None')
    if image is None:
        raise ValueError(f'the refiner {type} needs the image, whose colors it follows')
    if type != 'dense_crf':
        return (pamr if type == 'pamr' else par)(image[None].float(), scores[None], **settings)[0]
    if preset is not None:
        if preset not in PRESETS:
            raise ValueError(f'dense_crf has no preset {preset!r}; choose one of {", ".join(PRESETS)}')
        settings = {**PRESETS[preset], **settings}
    if confidence is not None:
        probabilities = label_probabilities(scores.argmax(0), len(scores), confidence)
    else:
        probabilities = scores / scores.sum(0, keepdim=True).clamp(min=1e-5)
    return dense_crf(image, probabilities, **settings)
