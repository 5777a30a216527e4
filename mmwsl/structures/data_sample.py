"""One label container for every strength of supervision, and for one image or a whole batch of them."""

import torch
from mmengine.structures import BaseDataElement

# Which ground-truth fields a dataset may hand over at each level; weaker levels see fewer.
SUPERVISION_LEVELS = {
    'none': (),
    'image': ('gt_label', 'gt_caption'),
    'points': ('gt_label', 'gt_caption', 'gt_points'),
    'scribbles': ('gt_label', 'gt_caption', 'gt_scribbles'),
    'boxes': ('gt_label', 'gt_caption', 'gt_boxes', 'gt_box_labels', 'gt_difficult'),
    'full': None,
}


class DataSample(BaseDataElement):
    """What is known and predicted of an image, or of a batch of images.

    Fields, all optional (shapes for one image; a batch has a leading B, or a list of B where sizes differ):

    * ``index``: int64, position in the dataset
    * ``gt_label``: int64 class number, or a float (C,) vector of 0/1 (-1 = ignore) for several tags
    * ``gt_clean_label``: as ``gt_label``, what is true where that was spoilt on purpose; no loss sees it
    * ``gt_caption``: str
    * ``gt_points``: (P, 3) x, y in pixels and class
    * ``gt_scribbles``: (H, W) uint8, class + 1 on strokes of objects, 0 on those of the background, 255 = unlabelled
    * ``gt_boxes``: (N, 4) float x1 y1 x2 y2 in pixels, x2 and y2 exclusive; ``gt_box_labels`` (N,) int64;
      ``gt_difficult`` (N,) bool
    * ``gt_mask``: (H, W) uint8 class map; ``gt_instance_masks`` (N, H, W) bool, visible parts;
      ``gt_amodal_masks`` (N, H, W) bool, whole objects; ``gt_order`` (N,) int64, 0 = furthest back;
      ``gt_part_boxes`` (N, 4), the box of the part that tells the class; ``gt_context_mask`` (H, W) bool, background
      that comes with a class
    * ``gt_contents`` (N, 3, H, W) uint8, pixels of whole objects; ``gt_background`` (3, H, W) uint8, the scene without
      objects; ``gt_other_masks`` (1, H, W) bool, of a crop of one object, the visible parts of the others
    * ``gt_flow``: (T - 1, 2, H, W) float, dx and dy in pixels from each frame of a clip to the next
    * ``gt_segments``: (N, 2) float, start and end of actions in seconds; ``gt_segment_labels`` (N,) int64;
      ``gt_ignored_segments`` (K, 2)
    * ``proposals``: (R, 4) float, boxes that may hold an object, whatever its class; ``proposal_scores`` (R,).
      They are no labels, and ``supervision`` lets them pass
    * ``box_fill_rates``: (C,) float, the share of a box of each class that is object, of a whole data set
    * ``adjacency``: (N, N) float, of a small graph, rows that sum to 1; in a batch ``node_mask`` (B, N), which nodes
      are there. ``gt_node_labels`` (N,) int64, -100 = does not count; ``gt_score`` float, the value to be predicted
    * ``pred_label`` int64 and ``pred_scores`` (C,) probabilities, of an image, bag or clip; of a classifier with a head
      on each of several layers those of the last, and ``pred_layer_scores``, a dict of (C,)
    * ``pred_selected``: (2,) bool, of co-teaching, whether each network takes the label to be right
    * ``pred_boxes`` (N, 4), ``pred_box_labels`` (N,), ``pred_box_scores`` (N,), ``pred_masks`` (N, H, W) bool: objects,
      in pixels of the original file
    * ``pred_top_boxes``: (C, 4), the best box of every class, whatever its score
    * ``pred_mask``: (H, W) class map, in pixels of the original file
    * ``pred_maps``: (K, H, W) in [0, 1], where each of the classes ``pred_map_labels`` (K,) is seen: the best ones and,
      last, the true one or all true tags, where they are known; of a clip (K, T)
    * ``pred_instance_scores``: (N,) of the members of a bag
    * ``pred_order`` (N, N) int8, 1 where object i lies in front of j, -1 behind; ``pred_amodal_masks`` (N, H, W) bool;
      ``pred_contents`` (N, 3, H, W) uint8, ``pred_background`` (3, H, W) uint8
    * ``pred_features``: (D,)

    A model predicts one sample an image, bag or clip (:func:`split_samples`), with tensors on its device.

    Meta information (``set_metainfo``): ``path``, ``ori_shape``, ...
    """


def strip_labels(sample, supervision):
    """Remove from ``sample`` every ``gt_*`` field that ``supervision`` does not permit; returns the sample.

    Raises:
        ValueError: unknown supervision level.
    """
    if supervision not in SUPERVISION_LEVELS:
        raise ValueError(f'supervision={supervision!r} is unknown; choose one of {", ".join(SUPERVISION_LEVELS)}')
    allowed = SUPERVISION_LEVELS[supervision]
    if allowed is not None:
        for key in list(sample.keys()):
            if key.startswith('gt_') and key not in allowed:
                delattr(sample, key)
    return sample


def split_samples(samples, count):
    """One :class:`DataSample` an item, of a batch of ``count``: the inverse of :func:`stack_samples`.

    Args:
        samples: a batched sample, whose fields have ``count`` entries; a list of single ones, which passes; or None.
        count: B.

    Raises:
        ValueError: another number of samples, or of entries of a field.
    """
    if isinstance(samples, (list, tuple)):
        if len(samples) != count:
            raise ValueError(f'{len(samples)} data samples for {count} inputs; give each input its own')
        return list(samples)
    single = [DataSample() for _ in range(count)]
    if samples is None:
        return single
    paths = samples.metainfo.get('path')
    for sample, path in zip(single, paths or (), strict=False):
        sample.set_metainfo(dict(path=path))
    return add_predictions(single, **dict(samples.items()))


def add_predictions(samples, **fields):
    """Give every sample its entry of each of ``fields``, tensors (B, ...) or lists of length B; returns the samples.

    Raises:
        ValueError: a field has another number of entries than there are samples.
    """
    for name, values in fields.items():
        if len(values) != len(samples):
            raise ValueError(f'{name} has {len(values)} entries for {len(samples)} samples')
        for sample, value in zip(samples, values, strict=True):
            setattr(sample, name, value)
    return samples


def stack_samples(samples):
    """Make one batched :class:`DataSample` of a list of single ones.

    Tensors of equal shape are stacked to (B, ...), anything else becomes a list of length B; a field must be in all
    samples or in none.

    Raises:
        ValueError: the samples do not have the same fields.
    """
    keys = set(samples[0].keys())
    for sample in samples[1:]:
        if set(sample.keys()) != keys:
            raise ValueError(f'samples of one batch have different fields: {sorted(keys)} and '
                             f'{sorted(sample.keys())}; a dataset must fill the same fields for every image')
    batch = DataSample()
    for key in keys:
        values = [getattr(sample, key) for sample in samples]
        if all(isinstance(value, (int, float)) for value in values):
            values = torch.tensor(values)
        elif all(isinstance(value, torch.Tensor) for value in values) and len({v.shape for v in values}) == 1:
            values = torch.stack(values)
        setattr(batch, key, values)
    paths = [sample.metainfo.get('path') for sample in samples]
    if any(path is not None for path in paths):
        batch.set_metainfo(dict(path=paths))
    return batch
