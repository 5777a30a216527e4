"""Scenes with known factors: every combination, boxes and masks by the pixels, what supervision hides, order."""

import pytest
import torch

from mmwsl.datasets.synthetic import FactorScenes


def test_factors_are_independent_and_every_shape_has_every_color():
    scenes = FactorScenes(num_images=600, supervision='full')
    counts = torch.zeros(4, 2, 3)
    for texture, shape, color in scenes.factors.tolist():
        counts[texture, shape, color] += 1
    assert counts.min() >= 10 and counts.max() <= 45  # 25 expected
    assert torch.equal(scenes.labels, scenes.factors[:, 1] * 3 + scenes.factors[:, 2])
    assert scenes.classes == ['circle 0', 'circle 1', 'circle 2', 'cross 0', 'cross 1', 'cross 2']
    assert scenes.images.shape == (600, 3, 32, 32) and scenes.num_factors == (4, 2, 3)


def test_object_is_where_mask_and_box_say():
    """The background is gray, the object is not; its strongest channel is that of its color."""
    scenes = FactorScenes(num_images=40, supervision='full')
    for index in range(len(scenes)):
        item = scenes[index]
        image, sample = item['inputs'].int(), item['data_samples']
        mask = sample.gt_mask > 0
        assert torch.unique(sample.gt_mask[mask]).tolist() == [int(sample.gt_label) + 1]
        x1, y1, x2, y2 = sample.gt_boxes[0].int().tolist()
        rows, columns = mask.any(1).nonzero().flatten(), mask.any(0).nonzero().flatten()
        assert [x1, y1, x2, y2] == [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        colored = image.amax(0) - image.amin(0) > 0
        assert (colored | ~mask).all() and not colored[: max(y1 - 1, 0)].any() and not colored[:, x2 + 1:].any()
        assert int(image[:, mask].float().mean(1).argmax()) == int(sample.gt_factors[2])
        assert sample.gt_box_labels.tolist() == [int(sample.gt_label)]


def test_supervision_hides():
    fields = {level: set(FactorScenes(num_images=2, supervision=level)[0]['data_samples'].keys()) for level in ('none', 'boxes', 'full')}
    assert fields['none'] == {'index'}
    assert fields['boxes'] == {'index', 'gt_label', 'gt_boxes', 'gt_box_labels'}
    assert fields['full'] == fields['boxes'] | {'gt_mask', 'gt_factors'}


def test_an_image_is_the_same_alone_in_a_batch_and_in_a_smaller_set():
    scenes = FactorScenes(num_images=20, supervision='full')
    batch = scenes.__getitems__([3, 17])
    for row, index in enumerate((3, 17)):
        item = scenes[index]
        assert torch.equal(batch['inputs'][row], item['inputs'])
        for key in ('gt_boxes', 'gt_mask', 'gt_factors', 'gt_label', 'gt_box_labels'):
            assert torch.equal(batch['data_samples'].get(key)[row], item['data_samples'].get(key))
    few = FactorScenes(num_images=20, max_images=5)
    assert torch.equal(few.images, scenes.images[torch.arange(5) * 4])
    assert not torch.equal(FactorScenes(split='test', num_images=20).images, scenes.images)
    assert not torch.equal(FactorScenes(num_images=20, seed=1).images, scenes.images)


@pytest.mark.parametrize('settings, message', [
    (dict(split='val'), "split='val' is unknown"), (dict(num_images=0), 'leaves no image'), (dict(size=8), 'choose 16 to 256'),
    (dict(shapes=('blob',)), r"shapes \['blob'\] are unknown; choose of circle"), (dict(colors=0), 'must be 1 to 12'),
    (dict(textures=5), 'must be 1 to 4'), (dict(scale=(0.3, 0.2)), r'must be \(min, max\)'), (dict(seed=-1), 'is negative')])
def test_refused(settings, message):
    with pytest.raises(ValueError, match=f'FactorScenes: .*{message}'):
        FactorScenes(**{'num_images': 2, **settings})
