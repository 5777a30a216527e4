"""What a caller hands over, configs and options, is as it was when the call returns."""

import copy

import pytest
import torch
from tiny_runs import SIMCLR, train_here, write_config

from mmwsl.apis import benchmark, evaluate, extract, load_config, prepare_training, run_suite, throughput, train
from mmwsl.apis.build import build_model

SHORT = """
train_dataloader['dataset']['max_images'] = 64
train_cfg = dict(max_epochs=1)
"""
LOCALIZER = """
_base_ = 'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'
scenes = dict(size=48, num_scenes=32)
model = dict(backbone=dict(base_channels=4, out_indices=(3,)), head=dict(in_channels=16))
train_dataloader = dict(dataset=dict(**scenes))
test_dataloader = dict(batch_size=16, dataset=dict(**scenes))
"""
OPTIONS = {'model.neck': dict(hidden_channels=12), 'optim_wrapper.optimizer': dict(lr=0.01, weight_decay=0.0), 'epochs': 1}


def check(call, cfg, *objects):
    """``call`` changes neither ``cfg`` nor the other objects."""
    before, others = copy.deepcopy(cfg.to_dict()), copy.deepcopy(objects)
    call()
    assert cfg.to_dict() == before
    assert objects == others


@pytest.fixture
def cfg(tmp_path):
    return load_config(write_config(tmp_path, SIMCLR, SHORT), dict(experiment_name=f'callers_{tmp_path.name}'))


def test_load_config(tmp_path):
    """A value among the options may be a dict or a list; the config has one of its own."""
    options = copy.deepcopy(OPTIONS) | {'data_preprocessor.views': [[dict(type='RandomGrayscale', prob=0.5)]]}
    before = copy.deepcopy(options)
    cfg = load_config(write_config(tmp_path), options)
    cfg.model.neck.hidden_channels = 3
    cfg.data_preprocessor.views[0].append('another')
    cfg.data_preprocessor.views[0][0]['prob'] = 1.0
    assert options == before


def test_prepare_training(cfg, tmp_path):
    options = copy.deepcopy(OPTIONS)
    check(lambda: prepare_training(cfg, work_dir=tmp_path / 'run', resume=True, amp=True, auto_scale_lr=True,
                                   options=options, launcher='pytorch'), cfg, options)
    prepared = prepare_training(cfg, work_dir=tmp_path / 'run')
    prepared.model.neck.hidden_channels = 3
    assert cfg.model.neck.hidden_channels == 16


def test_train(cfg, tmp_path):
    options = copy.deepcopy(OPTIONS)
    check(lambda: train(cfg, work_dir=tmp_path / 'run', options=options), cfg, options)
    assert (tmp_path / 'run' / 'epoch_1.pth').is_file()


def test_throughput(cfg):
    check(lambda: throughput(cfg, steps=4), cfg)


def test_benchmark_and_extract(cfg, tmp_path):
    protocols = ['knn']
    check(lambda: benchmark(cfg, 'random', protocols, out=tmp_path / 'records.jsonl'), cfg, protocols)
    check(lambda: extract(cfg, 'random', out=tmp_path / 'features.npz'), cfg)


def test_evaluate(tmp_path):
    cfg = load_config(write_config(tmp_path, LOCALIZER), dict(experiment_name=f'callers_{tmp_path.name}'))
    cfg.work_dir = str(tmp_path / 'run')
    checkpoints = ['random']
    check(lambda: evaluate(cfg, checkpoints), cfg, checkpoints)


def test_run_suite(tmp_path, monkeypatch):
    config = write_config(tmp_path, SIMCLR, SHORT)
    (tmp_path / 'suite.py').write_text(f"""
suite, protocols = 'callers', ['knn']
runs = [dict(method='simclr', config={str(config)!r}, options=dict(benchmark=dict(dataset='mine')))]
""")

    def trained(run, children):
        train_here(run.cfg, run.folder)

    monkeypatch.setattr('mmwsl.apis.suite._train', trained)
    options, only = copy.deepcopy(OPTIONS), ['simclr']
    before = copy.deepcopy((options, only))
    assert '| simclr |' in run_suite(tmp_path / 'suite.py', tmp_path / 'out', only=only, options=options)
    assert (options, only) == before


def test_every_seed_of_a_suite_has_the_same_data(tmp_path, monkeypatch):
    """Also where a run's options replace a part as a whole: ``_delete_`` is not used up by the first seed."""
    config = write_config(tmp_path, SIMCLR, SHORT)
    (tmp_path / 'suite.py').write_text(f"""
suite, protocols = 'callers', ['knn']
data = dict(type='Digits', split='train', size=16, max_images=64, _delete_=True)
options = {{'train_dataloader.dataset': data, 'benchmark.dataset': 'mine'}}
runs = [dict(method=name, config={str(config)!r}, options=options, seeds=[0, 1, 2]) for name in ('first', 'second')]
""")
    found = []

    def trained(run, children):
        found.append(run.cfg.train_dataloader.dataset.to_dict())
        torch.save(dict(state_dict=build_model(run.cfg)[0].state_dict()), run.final)

    monkeypatch.setattr('mmwsl.apis.suite._train', trained)
    run_suite(tmp_path / 'suite.py', tmp_path / 'out')
    assert found == [dict(type='Digits', split='train', size=16, max_images=64)] * 6
