"""How much of the objects of a data set is hidden: of each one, as a figure, and as a page."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import print_log

from mmwsl.apis.scenes.decompose import Network, load_network
from mmwsl.files import check_writable, write_atomically
from mmwsl.ops.occlusion import overlap_order
from mmwsl.progress import progress_bar
from mmwsl.reporting.occlusion_page import hidden_chart, write_occlusion_page
from mmwsl.structures import DataSample


def hidden_shares(dataset: Any, network: Network | Any | None = None, gap: int | None = None,
                  device: str = 'cpu') -> list[dict[str, Any]]:
    """What is hidden of each object of which some is seen; crowds do not count.

    Args:
        dataset: a dataset of images with ``gt_instance_masks``, the visible parts, as COCO with ``supervision='full'``.
        network: config and checkpoint of a :class:`PCNetM`, or such a model, that tells whole shapes; None: those of
            the dataset, ``gt_amodal_masks``.
        gap: see :func:`decompose`.
        device: where the network runs.

    Returns:
        list: a dict an object of ``image`` (its number), ``label``, ``visible`` and ``whole`` (pixels), ``hidden``
        (share of the whole, 0 to 1), and ``behind`` (how many objects lie in front of it).

    Raises:
        ValueError: there are no whole shapes and no network, or no object.
    """
    model = None if network is None else load_network(network, device).eval()
    if model is not None and gap is not None:
        model.gap = gap
    rows: list[dict[str, Any]] = []
    for image in progress_bar(range(len(dataset)), 'images', unit='image'):
        given = dataset[image]['data_samples']
        sample = _usable(given)
        if sample is None:
            continue
        if model is not None:
            sample, = model(torch.zeros(1, 3, 1, 1), [sample.to(device)], mode='predict')
            whole, order = sample.pred_amodal_masks.cpu().numpy(), sample.pred_order.cpu().numpy()
        elif 'gt_amodal_masks' in sample:
            whole = sample.gt_amodal_masks.numpy()
            order = overlap_order(sample.gt_instance_masks.numpy(), whole)
        else:
            raise ValueError('the data have masks of visible parts alone; name a network that tells whole shapes '
                             '(--shapes), or a layout with both (cocoa, kins)')
        for label, visible, pixels, behind in zip(
                sample.gt_box_labels.tolist(), sample.gt_instance_masks.sum((1, 2)).tolist(),
                whole.sum((1, 2)).tolist(), (order < 0).sum(1).tolist(), strict=True):
            rows.append(dict(image=image, label=label, visible=visible, whole=pixels, hidden=1 - visible / pixels,
                             behind=behind))
    if not rows:
        raise ValueError(f"none of {len(dataset)} images has an object with a mask; is supervision='full'?")
    return rows


def _usable(given: DataSample) -> DataSample | None:
    """A sample with the objects that are seen, or None where there are none."""
    if 'gt_instance_masks' not in given:
        return None
    masks = given.gt_instance_masks.bool()
    kept = masks.flatten(1).any(1) if len(masks) else torch.zeros(0, dtype=torch.bool)
    if 'gt_difficult' in given:
        kept &= ~given.gt_difficult
    if not kept.any():
        return None
    sample = DataSample(gt_instance_masks=masks[kept])
    sample.gt_box_labels = given.gt_box_labels[kept] if 'gt_box_labels' in given else torch.zeros(
        int(kept.sum()), dtype=torch.int64)
    if 'gt_amodal_masks' in given:
        sample.gt_amodal_masks = given.gt_amodal_masks.bool()[kept]
    return sample


def occlusion_summary(rows: list[dict[str, Any]], classes: list[str], least: float = 0.01) -> dict[str, Any]:
    """Numbers of :func:`hidden_shares`: of all objects, and of those of each class, most hidden first.

    Args:
        classes: names of the classes; a number beyond them stands for itself.
        least: share from which an object counts as hidden in part.

    Returns:
        dict: ``total`` and the list ``classes``, dicts of ``name``, ``objects``, ``occluded`` (share of objects of
        which some is hidden), ``hidden`` (mean share of all), ``ratio`` (pixels that are hidden over those of whole
        shapes) and ``behind`` (mean number of objects in front); ``histogram``, objects by tenths of ``hidden``, those
        below ``least`` first; ``images``.
    """
    def numbers(name: str, some: list[dict[str, Any]]) -> dict[str, Any]:
        hidden = np.array([row['hidden'] for row in some])
        whole, visible = (sum(row[kind] for row in some) for kind in ('whole', 'visible'))
        return dict(name=name, objects=len(some), occluded=float((hidden >= least).mean()), hidden=float(hidden.mean()),
                    ratio=1 - visible / whole, behind=float(np.mean([row['behind'] for row in some])))

    by_class = [numbers(classes[label] if label < len(classes) else str(label),
                        [row for row in rows if row['label'] == label])
                for label in sorted({row['label'] for row in rows})]
    shares = np.array([row['hidden'] for row in rows])
    counts = np.bincount(np.minimum((shares[shares >= least] * 10).astype(int), 9), minlength=10).tolist()
    return dict(total=numbers('all', rows), classes=sorted(by_class, key=lambda each: -each['hidden']), least=least,
                histogram=[int((shares < least).sum()), *counts], images=len({row['image'] for row in rows}))


def occlusion_page(dataset: Any, out: Path | str, network: Network | Any | None = None, gap: int | None = None,
                   device: str = 'cpu', title: str = 'Hidden objects') -> dict[str, Any]:
    """Measure how much of a data set's objects is hidden, and write ``occlusion.json``, ``occlusion.svg`` and
    ``occlusion.html`` to the folder ``out``.

    Args:
        dataset, network, gap, device: see :func:`hidden_shares`.

    Returns:
        dict: of :func:`occlusion_summary`.

    Raises:
        ValueError: see :func:`hidden_shares`.
        OSError: the folder cannot be written.
    """
    out = Path(out)
    paths = [check_writable(out / f'occlusion.{kind}') for kind in ('json', 'svg', 'html')]
    rows = hidden_shares(dataset, network, gap, device)
    summary = dict(occlusion_summary(rows, list(dataset.metainfo.get('classes') or [])), title=title,
                   source="the data set's own" if network is None else "a network's, which learnt without them")
    write_atomically(paths[0], json.dumps(dict(summary, objects=rows)))
    write_atomically(paths[1], hidden_chart(summary))
    write_occlusion_page(summary, paths[2])
    print_log(f'{out}: {len(rows)} objects in occlusion.html, occlusion.svg and occlusion.json', logger='current',
              level=logging.INFO)
    return summary
