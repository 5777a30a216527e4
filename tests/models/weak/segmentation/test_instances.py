"""Objects from displacements: two squares of one class become two masks."""

import json

import numpy as np
import pytest
import torch
from pycocotools import mask as coco_mask

from mmwsl.models.weak.segmentation.instances import (
    cluster_centroids,
    coco_instances,
    find_instances,
    refine_centroids,
    split_maps,
)


def two_squares():
    """Squares of 5 around (4, 4) and (4, 11) in 9 x 16 whose pixels point there; the background points nowhere far."""
    place = torch.stack(torch.meshgrid(torch.arange(9.0), torch.arange(16.0), indexing='ij'))
    displacement, mask = torch.full((2, 9, 16), 9.0), torch.zeros(9, 16, dtype=torch.bool)
    for middle in (4, 11):
        square = (slice(2, 7), slice(middle - 2, middle + 3))
        displacement[(slice(None), *square)] = torch.tensor([4.0, middle])[:, None, None] - place[(slice(None), *square)]
        mask[square] = True
    return displacement, mask


def test_pixels_end_where_they_point():
    displacement, mask = two_squares()
    ends = refine_centroids(displacement)
    assert ends[:, 2, 2].tolist() == [4, 4] and ends[:, 6, 13].tolist() == [4, 11]
    assert (ends[0][mask] == 4).all() and ends[1][mask].unique().tolist() == [4, 11]
    far = torch.zeros(2, 3, 5)
    far[1] = 1.4  # a step to the right, to the border
    assert (refine_centroids(far)[1] == 4).all() and refine_centroids(far, 1)[1][0].tolist() == [1, 2, 3, 4, 4]


def test_clusters_are_regions_of_short_displacements():
    displacement, _ = two_squares()
    instances = cluster_centroids(refine_centroids(displacement), displacement)
    left, right = instances[4, 4].item(), instances[4, 11].item()
    assert left != right
    assert (instances[2:7, 2:7] == left).all() and (instances[2:7, 9:14] == right).all()
    assert sorted(instances.unique().tolist()) == list(range(int(instances.max()) + 1))


def test_maps_are_split_by_object():
    maps = torch.zeros(2, 2, 3)
    maps[0], maps[1, 0, 0] = 0.5, 0.25
    parts, labels = split_maps(maps, torch.tensor([[0, 0, 1], [1, 1, 1]]))
    assert labels.tolist() == [0, 0, 1]
    assert parts.tolist() == [[[0.5, 0.5, 0], [0, 0, 0]], [[0, 0, 0.5], [0.5, 0.5, 0.5]], [[0.25, 0, 0], [0, 0, 0]]]


def test_masks_by_hand():
    """Two objects share a row at .6 and .8, the background has .3; a fragment of one pixel is left out."""
    parts = torch.zeros(2, 4, 10)
    parts[0, :2], parts[1, :2, 5:], parts[1, 3, 0] = 0.6, 0.8, 0.9
    masks, labels, scores = find_instances(parts, torch.tensor([4, 7]), 0.3, min_share=0.05)
    assert labels.tolist() == [4, 7] and scores.tolist() == pytest.approx([0.6, 0.8])
    assert masks[0].nonzero().amax(0).tolist() == [1, 4] and masks[0].sum() == 10
    assert masks[1].sum() == 10 and not masks[1, 3, 0]
    assert find_instances(parts, torch.tensor([4, 7]), 0.85, min_share=0)[1].tolist() == [7]
    none = find_instances(parts[:0], torch.zeros(0, dtype=torch.long), 0.3)
    assert [each.shape for each in none] == [(0, 4, 10), (0,), (0,)]


def test_results_in_cocos_form():
    masks = torch.zeros(1, 4, 6, dtype=torch.bool)
    masks[0, 1:3, 2:5] = True
    found = json.loads(json.dumps(coco_instances(17, masks, [3], torch.tensor([0.5]))))
    assert found[0]['image_id'] == 17 and found[0]['category_id'] == 3 and found[0]['score'] == 0.5
    assert np.array_equal(coco_mask.decode(found[0]['segmentation']), masks[0].numpy())
