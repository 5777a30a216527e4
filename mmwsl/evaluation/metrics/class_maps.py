"""mmengine metric around the masks that class maps make."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.functional import confusion, intersection_over_union
from mmwsl.registry import METRICS

THRESHOLDS = tuple(step / 20 for step in range(1, 20))


@METRICS.register_module()
class ClassMapIoUMetric(BaseMetric):
    """mIoU in percent of the masks that class maps make, at the threshold of the background that is best for it.

    A pixel has the class whose map is largest there, or is background where none is above the threshold. ``mIoU_tags``
    takes the maps of the true tags, ``mIoU`` those of the classes with a score above a half. ``threshold_tags`` and
    ``threshold``, the best ones, are in percent too; tags do not tell them, so that what learns from maps has to beat
    the most that one threshold for all images can get out of them.

    The samples need ``pred_maps`` (K, H, W) in [0, 1], their classes ``pred_map_labels`` (K,), ``pred_scores`` (C,),
    and the truth ``gt_mask`` (H, W) and ``gt_label`` (C,) 0 or 1.

    Args:
        num_classes: classes with the background.
        thresholds: those that are tried.

    Raises:
        ValueError: no threshold, or one outside (0, 1).
    """

    default_prefix = 'maps'

    def __init__(self, num_classes: int, thresholds: Sequence[float] = THRESHOLDS, collect_device: str = 'cpu',
                 prefix: str | None = None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not thresholds or not 0 < min(thresholds) <= max(thresholds) < 1:
            raise ValueError(f'ClassMapIoUMetric: thresholds={thresholds} must be numbers in (0, 1), at least one')
        self.num_classes, self.thresholds = num_classes, tuple(thresholds)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        for sample in data_samples:
            labels, maps = _array(sample['pred_map_labels']), _array(sample['pred_maps']).astype(np.float32)
            scores, tags, truth = (_array(sample[key]) for key in ('pred_scores', 'gt_label', 'gt_mask'))
            result = {name: np.stack([confusion(mask, truth, self.num_classes)
                                      for mask in self._masks(maps, labels, allowed)])
                      for name, allowed in (('_tags', tags > 0), ('', scores > 0.5))}
            self.results.append(result)

    def _masks(self, maps: np.ndarray, labels: np.ndarray, allowed: np.ndarray) -> list[np.ndarray]:
        """A mask (H, W) for each threshold, of the classes that are ``allowed`` (C,)."""
        chosen = maps * allowed[labels][:, None, None]
        best, largest = labels[chosen.argmax(0)] + 1, chosen.max(0)
        return [np.where(largest > threshold, best, 0) for threshold in self.thresholds]

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        values = {}
        for suffix in ('', '_tags'):
            found = [intersection_over_union(matrix)['mIoU'] for matrix in sum(each[suffix] for each in results)]
            best = int(np.argmax(found))
            values |= {f'mIoU{suffix}': 100 * found[best], f'threshold{suffix}': 100 * self.thresholds[best]}
        return {name: round(float(value), 4) for name, value in values.items()}


def _array(values: Any) -> np.ndarray:
    return values.cpu().numpy() if hasattr(values, 'cpu') else np.asarray(values)
