import pytest
import torch

from mmwsl.structures import SUPERVISION_LEVELS, DataSample, split_samples, stack_samples, strip_labels

EVERYTHING = dict(
    gt_label=3, gt_caption='a seven', gt_points=torch.zeros(2, 3), gt_scribbles=torch.zeros(4, 4),
    gt_boxes=torch.zeros(1, 4), gt_box_labels=torch.zeros(1), gt_difficult=torch.zeros(1, dtype=torch.bool),
    gt_mask=torch.zeros(4, 4), gt_instance_masks=torch.zeros(1, 4, 4), gt_amodal_masks=torch.zeros(1, 4, 4),
    gt_order=torch.zeros(1))


def sample(**fields):
    data = DataSample()
    for name, value in fields.items():
        setattr(data, name, value)
    return data


@pytest.mark.parametrize('level, kept', [
    ('none', set()),
    ('image', {'gt_label', 'gt_caption'}),
    ('points', {'gt_label', 'gt_caption', 'gt_points'}),
    ('scribbles', {'gt_label', 'gt_caption', 'gt_scribbles'}),
    ('boxes', {'gt_label', 'gt_caption', 'gt_boxes', 'gt_box_labels', 'gt_difficult'}),
    ('full', set(EVERYTHING)),
])
def test_strip_labels_leaves_what_the_level_permits(level, kept):
    full = sample(index=7, pred_label=1, **EVERYTHING)
    full.set_metainfo(dict(path='a.jpg'))
    stripped = strip_labels(full, level)
    assert stripped is full
    assert set(stripped.keys()) == kept | {'index', 'pred_label'}
    assert stripped.path == 'a.jpg'


def test_an_unknown_level_names_the_known_ones():
    with pytest.raises(ValueError, match="supervision='tags' is unknown; choose one of none, image, points, scribbles"):
        strip_labels(sample(), 'tags')
    assert list(SUPERVISION_LEVELS) == ['none', 'image', 'points', 'scribbles', 'boxes', 'full']


def test_a_stronger_label_never_hides_in_a_weaker_level():
    for level in ('none', 'image', 'points', 'scribbles'):
        assert not {'gt_boxes', 'gt_mask', 'gt_order'} & set(strip_labels(sample(**EVERYTHING), level).keys())


def test_stack_samples():
    first = sample(index=5, gt_label=torch.tensor(2), gt_boxes=torch.zeros(1, 4), gt_caption='one', score=0.5)
    second = sample(index=9, gt_label=torch.tensor(0), gt_boxes=torch.ones(3, 4), gt_caption='two', score=1.0)
    batch = stack_samples([first, second])
    assert batch.index.tolist() == [5, 9] and batch.index.dtype == torch.int64
    assert batch.gt_label.tolist() == [2, 0] and batch.gt_label.dtype == torch.int64
    assert batch.score.tolist() == [0.5, 1] and batch.score.dtype == torch.float32
    assert [tuple(boxes.shape) for boxes in batch.gt_boxes] == [(1, 4), (3, 4)]
    assert batch.gt_caption == ['one', 'two']
    assert 'path' not in batch.metainfo_keys()


def test_equal_shapes_stack_and_paths_follow():
    samples = [sample(gt_mask=torch.full((2, 3), value)) for value in (1, 2)]
    for number, one in enumerate(samples):
        one.set_metainfo(dict(path=f'{number}.jpg', ori_shape=(2, 3)))
    batch = stack_samples(samples)
    assert batch.gt_mask.shape == (2, 2, 3) and batch.gt_mask[:, 0, 0].tolist() == [1, 2]
    assert batch.path == ['0.jpg', '1.jpg']
    moved = batch.to(torch.float64)
    assert moved.gt_mask.dtype == torch.float64 and moved.path == batch.path


def test_samples_with_different_fields_are_refused():
    with pytest.raises(ValueError, match=r"different fields: \['gt_label', 'index'\] and \['index'\]; a dataset must"):
        stack_samples([sample(index=0, gt_label=1), sample(index=1)])


def test_split_is_the_inverse_of_stack():
    single = [DataSample(index=torch.tensor(number), gt_boxes=torch.zeros(number, 4),
                         metainfo=dict(path=f'{number}.jpg')) for number in range(3)]
    back = split_samples(stack_samples(single), 3)
    assert [int(sample.index) for sample in back] == [0, 1, 2]
    assert [sample.gt_boxes.shape for sample in back] == [(0, 4), (1, 4), (2, 4)]
    assert [sample.path for sample in back] == ['0.jpg', '1.jpg', '2.jpg']
    assert split_samples(single, 3) == single and [list(sample.keys()) for sample in split_samples(None, 2)] == [[], []]
    with pytest.raises(ValueError, match='3 data samples for 2 inputs'):
        split_samples(single, 2)
    with pytest.raises(ValueError, match='has 3 entries for 2 samples'):
        split_samples(stack_samples(single), 2)
