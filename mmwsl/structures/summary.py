"""What was predicted of a photo, in names and plain numbers: what JSON and pictures are made of."""

import numpy as np
import torch

from mmwsl.evaluation.functional.localization import boxes_from_map
from mmwsl.ops.tensors import refuse_nan

SHORT = 32  # numbers of a field of no known name that are still written out


def class_name(number, classes):
    """The name of a class: ``class 7`` where it is not known, nothing where the number is below 0."""
    if number < 0:
        return ''
    return str(classes[number]) if number < len(classes) else f'class {number}'


def summarize(sample, classes=(), map_classes=None, score_threshold=0.3, top_k=5, map_threshold=0.2):
    """Summarize every predicted field of a :class:`DataSample`.

    Args:
        sample: with any of the ``pred_*`` fields, all of them in pixels of the photo.
        classes: names.
        map_classes: names of the values of ``pred_mask``; default ``classes`` after a background.
        score_threshold: objects and classes below it are left out; the best class is not.
        top_k: most classes.
        map_threshold: of the boxes of maps, as a share of the largest value.

    Returns:
        dict: as far as the sample has them, ``classes``: list of dict(number, name, score), best first; ``layers``: the
        same for each head of several; ``objects``: list of dict(number, name, score, box=[x1, y1, x2, y2]), best first,
        also mask=bool array (H, W) where there are some; ``class_map``: uint8 (uint16
        where classes are many) array (H, W), and ``areas``: list of
        dict(number, name, share), largest first; ``maps``: list of dict(number, name, values=array (H, W), boxes), of
        the classes that are listed; ``members``: list of dict(file, score) in their order; ``features``: array (D,);
        and short fields of other names as they are.

    Raises:
        ValueError: NaN among the scores.
    """
    fields = {name: value for name, value in sample.items() if name.startswith('pred_')}
    for name, value in fields.items():
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            refuse_nan(value, f'{name} of {sample.get("path") or "a photo"}')
    fields = {name: _array(value) for name, value in fields.items()}
    summary = {}
    if 'pred_scores' in fields:
        summary['classes'] = _best(fields.pop('pred_scores'), classes, score_threshold, top_k)
        fields.pop('pred_label', None)
    if 'pred_layer_scores' in fields:
        summary['layers'] = {name: _best(_array(scores), classes, score_threshold, top_k)
                             for name, scores in fields.pop('pred_layer_scores').items()}
    if 'pred_boxes' in fields:
        summary['objects'] = _objects(fields, classes, score_threshold)
    if 'pred_mask' in fields:
        summary |= _areas(fields.pop('pred_mask'), ['background', *classes] if map_classes is None else map_classes)
    if 'pred_maps' in fields:
        summary['maps'] = _maps(fields, classes, summary.get('classes'), map_threshold)
    if 'pred_instance_scores' in fields:
        scores = fields.pop('pred_instance_scores')
        members = sample.get('members') or [f'member {number}' for number in range(len(scores))]
        summary['members'] = [dict(file=file, score=float(score)) for file, score in zip(members, scores, strict=True)]
    if 'pred_features' in fields:
        summary['features'] = fields.pop('pred_features')
    short = {name.removeprefix('pred_'): value.tolist() for name, value in fields.items()
             if isinstance(value, np.ndarray) and value.size <= SHORT}
    return short | summary


def _array(value):
    return value.detach().float().cpu().numpy() if isinstance(value, torch.Tensor) and value.is_floating_point() else \
        value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value


def _named(number, classes, **fields):
    return dict(number=int(number), name=class_name(int(number), classes), **fields)


def _best(scores, classes, threshold, top_k):
    order = np.argsort(-scores, kind='stable')[:max(top_k, 1)]
    return [_named(number, classes, score=float(scores[number])) for rank, number in enumerate(order)
            if not rank or scores[number] >= threshold]


def _objects(fields, classes, threshold):
    boxes = fields.pop('pred_boxes')
    scores = fields.pop('pred_box_scores', np.ones(len(boxes)))
    labels, masks = fields.pop('pred_box_labels', np.full(len(boxes), -1)), fields.pop('pred_masks', None)
    objects = []
    for number in np.argsort(-scores, kind='stable'):
        if scores[number] >= threshold:
            found = _named(labels[number], classes, score=float(scores[number]), box=boxes[number].tolist())
            objects.append(found if masks is None else dict(found, mask=masks[number].astype(bool)))
    return objects


def _areas(class_map, names):
    counts = np.bincount(class_map.ravel(), minlength=1)
    areas = [_named(number, names, share=float(counts[number] / class_map.size))
             for number in np.argsort(-counts, kind='stable') if counts[number]]
    return dict(class_map=class_map.astype(np.uint8 if class_map.max() < 256 else np.uint16), areas=areas)


def _maps(fields, classes, listed, threshold):
    """Maps of the classes that are listed; maps without classes all, each class once."""
    maps, labels = fields.pop('pred_maps'), fields.pop('pred_map_labels', None)
    numbers = [-1] * len(maps) if labels is None else labels.tolist()
    shown = None if labels is None or listed is None else {each['number'] for each in listed}
    found, seen = [], set()
    for number, values in zip(numbers, maps, strict=True):
        if number in seen or shown is not None and number not in shown:
            continue
        seen |= {number} - {-1}
        values = values.clip(0, 1)
        boxes = boxes_from_map(values, threshold).tolist() if values.max() > 0 else []
        found.append(_named(number, classes, values=values, boxes=boxes))
    return found
