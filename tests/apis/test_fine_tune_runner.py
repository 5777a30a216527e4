"""Protocols that train, from a user's side."""

import os
import time

import cv2
import pytest
import torch
from tiny_runs import MOCO, log_text, train_here, write_config

from mmwsl.apis import benchmark, build_dataset, load_config, read_records
from mmwsl.apis.fine_tune import FineTuneRunner, fine_tune_config, hold_out, innermost, share_batch
from mmwsl.cli import main

DIGITS = """
digits = dict(type='Digits', size=16)
data_preprocessor = dict(views=[[dict(type='RandomResizedCrop', size=16, scale=(0.7, 1.0))]])
train_dataloader = dict(batch_size=32, dataset=dict(_delete_=True, **digits, split='train', max_images=320))
test_dataloader = dict(dataset=dict(_delete_=True, **digits, split='test', max_images=100))
optim_wrapper = dict(dtype='float32')
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(logger=dict(interval=5))
benchmark = dict(_delete_=True, dataset='Digits')
"""
LINEAR = "_base_ = 'mmwsl::benchmarks/linear/linear_quick_r18w16_1xb256-cos-4e_cifar10.py'\n" + DIGITS
LAYERS = "_base_ = 'mmwsl::benchmarks/multi_layer/multi_layer_quick_r18w16_1xb256-cos-4e_cifar10.py'\n" + DIGITS
FEW = "_base_ = 'mmwsl::benchmarks/semi_supervised/semi_supervised_quick_r18w16_1xb64-step-40e_cifar10.py'\n" + \
    DIGITS.replace("dataset=dict(_delete_=True, **digits, split='train', max_images=320)",
                   "dataset=dict(dataset=dict(_delete_=True, **digits, split='train'), fraction=0.2)") + """
param_scheduler = None
train_cfg = dict(max_epochs=8)
"""


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """A pre-training config, what it is judged on, and the checkpoint of two epochs."""
    folder = tmp_path_factory.mktemp('fine_tune')
    for name, text in (('linear', LINEAR), ('layers', LAYERS), ('few', FEW)):
        write_config(folder, text, name=f'{name}.py')
    on = write_config(folder, f"""
benchmark = dict(
    dataset='Digits',
    protocols=dict(
        linear_online=dict(config='{folder}/linear.py', options={{'train_cfg.max_epochs': 2, 'param_scheduler': None}}),
        multi_layer=dict(config='{folder}/layers.py', options={{'train_cfg.max_epochs': 2}}),
        few=dict(type='semi_supervised', config='{folder}/few.py', grid={{'optim_wrapper.optimizer.lr': [1e-5, 0.02]}})))
""", name='on.py')
    config = write_config(folder)
    train_here(config, folder / 'run')
    return dict(folder=folder, config=config, on=on, checkpoint=folder / 'run' / 'epoch_2.pth')


@pytest.mark.slow
def test_from_the_command_line(files, tmp_path, capsys):
    """Records of each protocol; a second call finds the trainings finished and gives the same figures."""
    command = ['benchmark', str(files['config']), str(files['checkpoint']), '--on', str(files['on']), '--work-dir',
               str(tmp_path / 'work')]
    assert main([*command, '--out', str(tmp_path / 'first.jsonl')]) == 0
    records = read_records(tmp_path / 'first.jsonl')
    found = {(record['metric'], record['layer']): record for record in records}
    assert {layer for metric, layer in found if metric == 'multi_layer_top1'} == {0, 1, 2, 3, 4}
    top1 = found['linear_online_top1', -1]
    assert (top1['dataset'], top1['method'], top1['protocol']) == ('Digits', 'simclr', 'linear_online')
    assert top1['settings']['checkpoint']['file'] == 'epoch_2.pth' and top1['pooling'] is None
    assert found['multi_layer_top1', 0]['value'] > 60  # of ten classes; the last layer has learnt too little to say
    few = found['few_top1', -1]
    assert few['settings']['chosen'] == {'optim_wrapper.optimizer.lr': 0.02}  # the other does not move
    assert few['settings']['grid'] == {'optim_wrapper.optimizer.lr': [1e-5, 0.02]}
    assert len(list((tmp_path / 'work').iterdir())) == 2 + 3
    shown = capsys.readouterr().out
    assert 'linear online top1' in shown and 'layer 4' in shown

    logs = {folder: log_text(folder) for folder in (tmp_path / 'work').iterdir()}
    assert main([*command, '--out', str(tmp_path / 'second.jsonl')]) == 0
    assert [record['value'] for record in read_records(tmp_path / 'second.jsonl')] == [
        record['value'] for record in records]
    for folder, text in logs.items():
        assert log_text(folder).count('Epoch(train)') == text.count('Epoch(train)') > 0


@pytest.mark.slow
def test_boxes_and_class_maps_of_photos(files, voc_root, tmp_path):
    """The quick presets of detection and segmentation with a network of another width, on nine photos."""
    root = str(voc_root.parent)
    on = write_config(tmp_path, f"""
_base_ = 'mmwsl::benchmarks/voc07_quick.py'
def few(**settings):
    return {{'train_cfg.max_epochs': 1, 'param_scheduler': None,
            **{{f'{{part}}_dataloader.dataset.{{key}}': value for part in ('train', 'test')
               for key, value in settings.items()}}}}
photos = '{root}/VOC2007/'
benchmark = dict(protocols=dict(
    detection=dict(options=few(data_root='{root}', max_images=9)),
    segmentation=dict(options={{key.replace('.dataset.', '.dataset.dataset.'): value for key, value in few(
        images=photos + 'JPEGImages', maps=photos + 'SegmentationClass', max_images=9,
        list_file=photos + 'ImageSets/Segmentation/val.txt').items()}})))
del few, photos
""", name='on.py')
    records = benchmark(load_config(files['config'], benchmark_of=on), str(files['checkpoint']),
                        ['detection', 'segmentation'], work_dir=tmp_path)
    found = {record['metric']: record for record in records}
    assert all(0 <= found[name]['value'] <= 100 for name in ('detection_AP50', 'segmentation_mIoU'))
    assert found['detection_AP50']['dataset'] == 'VOC2007 (train and val)'
    assert found['segmentation_aAcc']['protocol'] == 'segmentation'


def test_backbone_is_the_judged_one(files):
    judged = load_config(files['config'])
    cfg = fine_tune_config(judged, files['folder'] / 'layers.py', {'train_cfg.max_epochs': 7})
    assert cfg.model.backbone.base_channels == 4 and tuple(cfg.model.backbone.out_indices) == (0, 1, 2, 3, 4)
    assert cfg.data_preprocessor.mean == judged.data_preprocessor.mean and cfg.train_cfg.max_epochs == 7


def test_held_out_images_are_the_rest(files):
    """With a subset and without: training and test share nothing, and are together what was trained on."""
    for name in ('linear', 'few'):
        cfg = fine_tune_config(load_config(files['config']), files['folder'] / f'{name}.py')
        whole = build_dataset(cfg.train_dataloader.dataset)
        hold_out(cfg, 0.25)
        train, held = (build_dataset(cfg[part].dataset) for part in ('train_dataloader', 'test_dataloader'))
        assert len(held) == round(len(whole) / 4)
        rows = {bytes(image) for image in whole.images.flatten(1).numpy()}
        parts = [{bytes(image) for image in part.images.flatten(1).numpy()} for part in (train, held)]
        assert parts[0] | parts[1] == rows and len(train) + len(held) == len(whole)


def test_held_out_images_have_the_test_pipeline(files):
    """Also where both sets are subsets; and COCO's metric reads the training file then."""
    judged = load_config(files['config'])
    for name in ('fcn_voc07', 'mask_rcnn_coco'):
        cfg = fine_tune_config(judged, f'mmwsl::benchmarks/quick/{name}.py')
        wanted = innermost(cfg.test_dataloader.dataset).pipeline
        hold_out(cfg, 0.5)
        assert innermost(cfg.test_dataloader.dataset).pipeline == wanted
        assert innermost(cfg.train_dataloader.dataset).pipeline != wanted
    assert 'train2017' in cfg.test_evaluator.ann_file == innermost(cfg.train_dataloader.dataset).ann_file


def test_other_training_data_are_trained_on_anew(files, tmp_path, monkeypatch):
    """The folder of a training is another one as soon as a file of its images is; of the test images it is not."""
    digits = build_dataset(dict(type='Digits', size=16, split='test', max_images=20))
    for position, image in enumerate(digits.images):
        for split in ('train', 'test'):
            path = tmp_path / split / str(position % 4) / f'{position}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(path), image.permute(1, 2, 0).numpy())
    settings = {f'{part}_dataloader.dataset': dict(_delete_=True, type='ImageFolder', data_root=str(tmp_path / part))
                for part in ('train', 'test')}
    folders = []

    def train(cfg, work_dir, resume):
        folders.append(work_dir)
        raise NotImplementedError

    monkeypatch.setattr('mmwsl.apis.fine_tune.train', train)

    def run():
        with pytest.raises(NotImplementedError):
            FineTuneRunner(load_config(files['config']), str(files['checkpoint']), tmp_path / 'work').run(
                files['folder'] / 'linear.py', settings, 0, None, 'linear')
        return folders[-1]

    first = run()
    os.utime(next((tmp_path / 'test' / '1').iterdir()), ns=(1, 1))
    assert run() == first
    moved = next((tmp_path / 'train' / '1').iterdir())
    moved.rename(tmp_path / 'train' / '2' / f'moved_{moved.name}')
    second = run()
    assert second != first and run() == second
    os.utime(next((tmp_path / 'train' / '1').iterdir()), ns=(1, 1))
    assert run() not in (first, second)


def test_total_batch_whatever_the_ranks(files):
    cfg = fine_tune_config(load_config(files['config']), files['folder'] / 'linear.py')
    for ranks, batch in ((1, 32), (2, 16), (8, 4)):
        share_batch(cfg, ranks)
        assert cfg.train_dataloader.batch_size == batch
    cfg.optim_wrapper.accumulative_counts = 4
    share_batch(cfg, 2)
    assert cfg.train_dataloader.batch_size == 4
    with pytest.raises(ValueError, match='its 32 images a step do not divide among 3 ranks'):
        share_batch(cfg, 3)


@pytest.mark.slow
def test_a_stopped_training_goes_on(files, tmp_path):
    """Stopped in its second epoch, then started again: the same figures as without, and no step is done twice."""
    on = write_config(tmp_path, f"""
benchmark = dict(protocols=dict(linear_online=dict(config='{files['folder']}/linear.py')))
""", name='on.py')
    cfg = load_config(files['config'], benchmark_of=on)

    def figures(folder):
        records = benchmark(cfg, str(files['checkpoint']), work_dir=tmp_path / folder)
        return [record['value'] for record in records], next((tmp_path / folder).glob('linear_online_*'))

    whole, _ = figures('whole')

    def stop(self, runner, *args, **kwargs):
        if runner.iter == 14:  # in the second epoch of ten steps
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmwsl.engine.hooks.OptimizerStepHook.after_train_iter', stop)
        with pytest.raises(KeyboardInterrupt):
            figures('parts')
    time.sleep(1.1)  # logs are named by the second: two runs in one would share theirs
    resumed, folder = figures('parts')
    assert resumed == whole
    assert 'resumed epoch: 1, iter: 10' in log_text(folder)


def test_a_backbone_of_something_else_than_rgb(files, tmp_path):
    cfg = load_config('mmwsl::selfsup/colorization/colorization_r18w16_1xb256-cos-20e_cifar10.py',
                      benchmark_of=files['on'])
    with pytest.raises(ValueError, match='the backbone of Colorization takes something else than RGB'):
        benchmark(cfg, 'random', ['linear_online'], work_dir=tmp_path)


def test_a_frozen_backbone_is_checked(files, tmp_path):
    judged = load_config(files['config'])
    runs = FineTuneRunner(judged, str(files['checkpoint']), tmp_path)
    cfg = fine_tune_config(judged, files['folder'] / 'linear.py')
    runner = type('Runner', (), dict(model=torch.nn.ModuleDict(dict(backbone=torch.nn.Linear(1, 1)))))
    runs.weights = {key: value + 1 for key, value in runner.model.backbone.state_dict().items()}
    with pytest.raises(RuntimeError, match='is frozen, but 2 of its tensors changed'):
        runs._check_frozen(runner, cfg)


def test_bad_input(files, tmp_path, capsys):
    command = ['benchmark', str(files['config']), 'random', '--work-dir', str(tmp_path)]
    assert main([*command, '--protocols', 'finetune']) == 1
    assert 'give the protocol a config' in capsys.readouterr().err
    assert main([*command, '--on', str(files['on']), '--on', str(files['on']), '--protocols', 'few', 'fwe']) == 1
    assert '--protocols fwe: none of' in capsys.readouterr().err
    assert main([*command, '--on', str(files['on']), '--protocols', 'other']) == 1
    assert 'other' in capsys.readouterr().err
    on = write_config(tmp_path, f"benchmark = dict(protocols=dict(finetune=dict(config='{files['config']}')))", name='a.py')
    assert main([*command, '--on', str(on)]) == 1
    assert 'has no test_dataloader' in capsys.readouterr().err
    moco = write_config(tmp_path, MOCO, name='moco.py')
    on = write_config(tmp_path, f"""
benchmark = dict(protocols=dict(linear_online=dict(
    config='{files['folder']}/linear.py', options={{'model.backbone.depth': 34}})))
""", name='b.py')
    with pytest.raises(ValueError, match='tensors of the backbone it trains are not among those'):
        benchmark(load_config(moco, benchmark_of=on), 'random', work_dir=tmp_path)
