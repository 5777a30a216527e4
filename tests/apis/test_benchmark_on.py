"""A checkpoint judged on the data of another config."""

import pytest

from mmwsl.apis import benchmark, load_config, read_records
from mmwsl.cli import main

CONFIG = 'mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py'


@pytest.mark.slow
def test_voc_tags_in_place_of_cifar(voc_root, tmp_path):
    """The quick preset on the real photos, with a network that was never trained."""
    out = tmp_path / 'records.jsonl'
    assert main(['benchmark', CONFIG, 'random', '--on', 'mmwsl::benchmarks/voc07_quick.py', '--out', str(out),
                 '--protocols', 'svm', 'low_shot',
                 '--cfg-options', *(f'benchmark.{split}.data_root={voc_root.parent}' for split in ('train', 'test')),
                 'benchmark.train.pipeline.0.size=32', 'benchmark.test.pipeline.0.size=32',
                 'benchmark.protocols.low_shot.k=2', 'benchmark.protocols.low_shot.samples=2']) == 0
    found = {record['metric']: record for record in read_records(out)}
    assert set(found) == {'svm_mAP', 'low_shot2_mAP', 'low_shot2_mAP_test_selected'}
    assert all(record['dataset'] == 'VOC2007 (train and val)' and 3 < record['value'] < 30 for record in found.values())
    assert found['svm_mAP']['settings']['num_classes'] == 20


@pytest.mark.slow
def test_single_class_crops_of_a_part_of_voc(voc_root):
    """Some classes have two squares to train on, too few to choose a cost by."""
    options = {f'benchmark.{split}.{key}': value for split in ('train', 'test')
               for key, value in (('dataset.data_root', str(voc_root.parent)), ('size', 32))}
    cfg = load_config(CONFIG, options, benchmark_of='mmwsl::benchmarks/voc07_single_class_crops.py')
    found = {record['metric']: record for record in benchmark(cfg, 'random')}
    assert {'knn20_top1', 'svm_top1'} <= set(found)
    assert found['svm_top1']['settings']['n_train'] == 498 and 5 < found['svm_top1']['value'] < 60


def test_what_is_no_benchmark(tmp_path, capsys):
    empty = tmp_path / 'empty.py'
    empty.write_text('model = dict()\n')
    with pytest.raises(ValueError, match='has no benchmark, so it does not say on what to evaluate'):
        load_config(CONFIG, benchmark_of=str(empty))
    assert main(['benchmark', CONFIG, 'random', '--on', 'mmwsl::benchmarks/none.py']) == 1
    assert 'does not exist' in capsys.readouterr().err
