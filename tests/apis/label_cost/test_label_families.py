"""What labels cost, beside the records of a suite across tasks."""

import json

import pytest

from mmwsl.apis import build_dataset, load_config, read_records
from mmwsl.apis.label_cost import label_families
from mmwsl.cli import main
from mmwsl.reporting.records import make_record

SUITE = """
suite, protocols = 'tiny', ['cluster', 'linear_1pct']
runs = [
    dict(method='no_labels', config='mmwsl::selfsup/simclr/simclr_r18w16_1xb64-cos-40e_shapes.py'),
    dict(method='points', config='mmwsl::weaksup/segmentation/points/points_r18w16_1xb32-cos-12e_shapes.py',
         options={'train_dataloader.dataset.dataset.num_images': 8}),
    dict(method='tags', config='mmwsl::weaksup/segmentation/one_stage/one_stage_r18w16_1xb32-cos-8e_shapes.py',
         options={'train_dataloader.dataset.num_images': 8})]
"""


def record(method, protocol, metric, value, settings=None):
    """Of trained networks a record says that they saw labels, those of their training."""
    return make_record(suite='tiny', method=method, config='x.py', seed=0, dataset='Shapes', split='test', protocol=protocol,
                       metric=metric, value=value, settings=settings, saw_labels=method != 'no_labels')


@pytest.fixture
def suite(tmp_path):
    (tmp_path / 'suite.py').write_text(SUITE)
    features = dict(n_train=20, num_classes=5)
    found = [record('no_labels', 'cluster', 'cluster_mAP', 40.0, dict(features, n_train=2048)),
             record('no_labels', 'linear_1pct', 'svm_mAP', 50.0, features),
             record('points', 'segmentation', 'mIoU', 60.0), record('tags', 'segmentation', 'mIoU', 30.0)]
    (tmp_path / 'records.jsonl').write_text(''.join(json.dumps(each) + '\n' for each in found))
    return tmp_path / 'suite.py'


def test_costs_stand_beside_the_records(suite, tmp_path, capsys):
    assert main(['label-cost', str(suite), str(tmp_path / 'records.jsonl'), '--out', str(tmp_path / 'out'), '--families']) == 0
    table = (tmp_path / 'out' / 'families.md').read_text()
    assert table in capsys.readouterr().out
    costs = {(each['method'], each['protocol']): each for each in read_records(tmp_path / 'out' / 'families.jsonl')
             if each['metric'] == 'annotation_seconds'}
    points = build_dataset(load_config('mmwsl::weaksup/segmentation/points/points_r18w16_1xb32-cos-12e_shapes.py', {
        'train_dataloader.dataset.dataset.num_images': 8}).train_dataloader.dataset)
    assert {key: each['value'] for key, each in costs.items()} == {
        ('no_labels', 'cluster'): 0, ('no_labels', 'linear_1pct'): 20 * 5, ('tags', 'annotation'): 8 * 5,
        ('points', 'annotation'): pytest.approx(points.annotation_seconds(), abs=0.05)}
    assert not any(each['saw_labels'] for each in costs.values())  # before: nothing is pre-trained
    assert costs['points', 'annotation']['settings'] == dict(labels='points', images=8)
    assert [line.split('|')[1].strip() for line in table.splitlines()[2:]] == [
        'no_labels, cluster', 'tags', 'points', 'no_labels, linear_1pct']  # 0, 40, some 60 and 100 s


def test_what_was_not_run_is_named(suite, tmp_path):
    lines = (tmp_path / 'records.jsonl').read_text().splitlines()
    for kept, message in ((lines[:3], 'no record of tags, a method of .*--only tags'),
                          (lines[1:], 'no record of the protocol cluster of .*simclr_r18w16_1xb64-cos-40e_shapes.py')):
        (tmp_path / 'records.jsonl').write_text('\n'.join(kept) + '\n')
        with pytest.raises(ValueError, match=message):
            label_families(suite, tmp_path / 'records.jsonl', tmp_path / 'out')


def test_features_of_photos_are_tested_on_those_that_segmentors_are(voc_root):
    """The same third of the photos with class maps, whichever set reads them."""
    suite = load_config('mmwsl::suites/label_families_voc.py')
    root = {'data/VOCdevkit': str(voc_root.parent)}

    def moved(part):
        if isinstance(part, dict):
            return {key: moved(value) for key, value in part.items()}
        if isinstance(part, str):
            return part.replace('data/VOCdevkit', root['data/VOCdevkit'])
        return [moved(each) for each in part] if isinstance(part, (list, tuple)) else part

    features, masks = (load_config(run.config, run.options) for run in (suite.runs[0], suite.runs[-1]))
    tested = [build_dataset(moved(part.to_dict())) for part in (features.benchmark.test, masks.test_dataloader.dataset)]
    assert tested[0].paths == tested[1].paths and len(tested[0]) == 70
    assert features.benchmark.dataset == masks.benchmark.dataset == 'VOC07'
