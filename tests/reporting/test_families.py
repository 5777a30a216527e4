"""The table across families of labels."""

import pytest

from mmwsl.reporting.families import render_families


def record(method, protocol, metric, value, seed=0, saw_labels=False, **fields):
    return dict(method=method, protocol=protocol, metric=metric, value=value, seed=seed, dataset='Shapes', saw_labels=saw_labels, **fields)


def cost(method, protocol, value, labels, images, saw_labels=False):
    return record(method, protocol, 'annotation_seconds', value, None, saw_labels, settings=dict(labels=labels, images=images))


RECORDS = [
    record('masks', 'segmentation', 'mIoU', 80.0), record('masks', 'segmentation', 'mIoU', 84.0, 1),
    record('masks', 'segmentation', 'mAcc', 99.0), record('masks', 'objects', 'tag_mAP', 90.0), record('masks', 'objects', 'AP50', 40.0),
    cost('masks', 'annotation', 7200.0, 'full', 10),
    record('none', 'cluster', 'cluster_mAP', 45.0), record('none', 'linear_1pct', 'svm_mAP', 95.0),
    cost('none', 'cluster', 0.0, 'none', 0), cost('none', 'linear_1pct', 90.0, 'tags', 1800),
    record('tags', 'segmentation', 'mIoU', 30.0, saw_labels=True),  # those of its own training, too
    cost('tags', 'annotation', 3600.0, 'tags', 10, saw_labels=True),
]


def test_a_row_of_each_kind_of_label_by_its_cost():
    lines = render_families(RECORDS).splitlines()
    assert lines[0] == ('| method | labels | pre-trained with labels | labeled images | hours | classification mAP of tags | '
                        'localization CorLoc | detection AP50 | segmentation mIoU |')
    assert lines[2:] == [
        '| none, cluster | none | no | 0 | 0.00 | 45.00 | - | - | - |',
        '| none, linear_1pct | tags | no | 1,800 | 0.03 | **95.00** | - | - | - |',
        '| tags | tags | yes | 10 | 1.00 | - | - | - | 30.00 |',
        '| masks | full | no | 10 | 2.00 | 90.00 | - | **40.00** | **82.00 ± 2.83** |']


def test_what_makes_no_table():
    with pytest.raises(ValueError, match='none has annotation_seconds; mmwsl label-cost --families writes them'):
        render_families(RECORDS[:2])
    with pytest.raises(ValueError, match='they are of Shapes, VOC07'):
        render_families([*RECORDS, dict(RECORDS[0], dataset='VOC07')])
    with pytest.raises(ValueError, match=r'no record of points \(annotation\), whose labels cost 9.0 s'):
        render_families([*RECORDS, cost('points', 'annotation', 9.0, 'points', 1)])
