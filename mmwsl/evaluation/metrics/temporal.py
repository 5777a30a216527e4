"""mmengine metric around the localization of actions in time."""

import numpy as np
import torch
from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.functional.temporal import segments_from_scores, temporal_average_precision
from mmwsl.ops.tensors import refuse_nan
from mmwsl.registry import METRICS


@METRICS.register_module()
class TemporalMetric(BaseMetric):
    """mAP of temporal localization, the class assumed known, and accuracy, in percent.

    * ``mAP_0.1`` ... ``mAP_0.5``: mean over classes of the average precision at each IoU. The detections of a video are
      the runs of the temporal maps of the classes it really has, see :func:`segments_from_scores`.
    * ``accuracy``: the class of the largest score is one of the video's.

    The samples are videos as :class:`TemporalLocalizer` predicts them, with ``gt_segments`` in seconds and ``rate``.

    Args:
        threshold: of the runs, as a share of a map's maximum; Hide-and-Seek has 0.5.
        ious: the thresholds that an overlap must be above.

    Raises:
        ValueError: NaN among the scores or maps.
    """

    default_prefix = 'temporal'

    def __init__(self, threshold=0.5, ious=(0.1, 0.2, 0.3, 0.4, 0.5), collect_device='cpu', prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.threshold, self.ious = threshold, tuple(ious)

    def process(self, data_batch, data_samples):
        for video in data_samples:
            if 'gt_segments' not in video:
                raise ValueError("TemporalMetric needs segments: set supervision='full' on the data that are scored")
            for name in ('pred_scores', 'pred_maps'):
                refuse_nan(torch.as_tensor(video[name]), f'{name} of video {int(video["index"])}')
            cams, rate = video['pred_maps'].float().cpu().numpy(), float(video['rate'])
            labels, found = video['gt_segment_labels'].tolist(), []
            for label in sorted(set(labels)):
                segments, scores = segments_from_scores(cams[label], self.threshold)
                found += [(label, start / rate, end / rate, score)
                          for (start, end), score in zip(segments.tolist(), scores.tolist(), strict=True)]
            truths = [(label, *segment)
                      for label, segment in zip(labels, video['gt_segments'].tolist(), strict=True)]
            self.results.append((int(video['index']), int(video['pred_label']) in labels, found, truths,
                                 video['gt_ignored_segments'].tolist()))

    def compute_metrics(self, results):
        results = list({result[0]: result for result in results}.values())  # a video that two ranks scored counts once
        found, truths = {}, {}  # class -> list of (video, start, end[, score])
        for video, _, detections, segments, _ in results:
            for by_class, each in ((found, detections), (truths, segments)):
                for label, *rest in each:
                    by_class.setdefault(label, []).append((video, *rest))
        ignored = [(video, *segment) for video, *_, segments in results for segment in segments]
        values = {f'mAP_{iou}': np.mean([temporal_average_precision(found.get(label, []), truths[label], iou, ignored)
                                         for label in truths]) for iou in self.ious}
        values['accuracy'] = np.mean([result[1] for result in results])
        return {name: round(100 * float(value), 4) for name, value in values.items()}
