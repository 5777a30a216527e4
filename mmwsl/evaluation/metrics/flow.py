"""mmengine metric around the errors of optical flow."""

import numpy as np
from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.functional import direction_cosine, end_point_error, flow_outliers
from mmwsl.registry import METRICS


@METRICS.register_module()
class FlowMetric(BaseMetric):
    """``end_point_error`` in pixels, of all and of those that move, ``outliers`` (KITTI's Fl) in percent, ``cosine``.

    The samples need ``pred_flow`` and ``gt_flow`` (2, H, W). Each is a mean over the pixels of all images; what moves
    is what has a true motion of ``least`` pixels or more.

    Args:
        least: see above.

    Raises:
        ValueError: from the computation: samples without one of the two, or nothing that moves.
    """

    default_prefix = 'flow'

    def __init__(self, least=0.5, collect_device='cpu', prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.least = least

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            if 'pred_flow' not in sample or 'gt_flow' not in sample:
                raise ValueError('FlowMetric: a sample has no pred_flow or no gt_flow; the model must predict flow '
                                 '(FlowPrediction, ConditionalMotionPropagation), and the data set say the true one: '
                                 'FlowFrames(truth=True)')
            pair = (sample[name].float().cpu().numpy().transpose(1, 2, 0).reshape(-1, 2)
                    for name in ('pred_flow', 'gt_flow'))
            self.results.append(tuple(pair))

    def compute_metrics(self, results):
        predicted, true = (np.concatenate(each) for each in zip(*results, strict=True))
        moving = np.linalg.norm(np.nan_to_num(true), axis=-1) >= self.least
        values = dict(end_point_error=end_point_error(predicted, true),
                      end_point_error_moving=end_point_error(predicted, true, moving),
                      outliers=100 * flow_outliers(predicted, true),
                      cosine=direction_cosine(predicted, true, None, self.least))
        return {name: round(value, 4) for name, value in values.items()}
