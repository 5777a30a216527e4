import json

import pytest
from tiny_runs import SIMCLR, write_config

from mmwsl.apis import prepare_training, throughput
from mmwsl.apis.throughput import _Stopwatch
from mmwsl.cli import main


def test_throughput_on_the_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = write_config(tmp_path)
    assert main(['throughput', str(config), '--steps', '4', '--json', 'figures.json', '--batch-size', '16',
                 '--cfg-options', f'experiment_name=throughput_{tmp_path.name}']) == 0
    figures = json.loads((tmp_path / 'figures.json').read_text())
    assert {'loop', 'compute', 'input', 'ratio', 'hardware'} <= set(figures)
    assert all(figures[name] > 0 for name in ('loop', 'compute', 'input'))
    assert figures['ratio'] == pytest.approx(figures['loop'] / figures['compute'], abs=1e-4)
    assert (figures['views'], figures['batch_size'], figures['sizes']) == (2, 16, [[16, 16], [16, 16]])
    assert (figures['steps'], figures['dtype'], figures['num_workers']) == (4, 'float32', 0)
    assert json.dumps(figures, indent=1) in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ['figures.json', 'tiny.py']  # no work dir is left behind


def test_set_smaller_than_the_steps(tmp_path):
    """32 images are one step an epoch: loop and input start epochs anew."""
    cfg = prepare_training(write_config(tmp_path), options={
        'train_dataloader.dataset.max_images': 32, 'experiment_name': f'throughput_small_{tmp_path.name}'})
    figures = throughput(cfg, steps=8)
    assert figures['loop'] > 0 and figures['input'] > 0


def test_figures_are_views_over_seconds(tmp_path, monkeypatch):
    """With known block times: 3 views of 32 images at 2 s a loop step, 1 s of network."""
    def before_train(self, runner):
        original(self, runner)
        self.loop, self.compute = [2.0] * self.blocks, [0.5, 1.0, 1.0, 30.0]

    original = _Stopwatch.before_train
    monkeypatch.setattr(_Stopwatch, 'before_train', before_train)
    monkeypatch.setattr(_Stopwatch, 'after_train_iter', finish_at_once)
    cfg = prepare_training(write_config(tmp_path, SIMCLR, "data_preprocessor['views'].append([crop])\n"),
                           options={'experiment_name': f'throughput_known_{tmp_path.name}'})
    monkeypatch.setattr('mmwsl.models.pretext.simclr.SimCLR.loss', lambda self, views, _: dict(
        loss=self.neck(self.backbone(views[0])).mean()))
    figures = throughput(cfg, steps=4)
    assert (figures['loop'], figures['compute'], figures['ratio'], figures['views']) == (48.0, 96.0, 0.5, 3)


def finish_at_once(self, runner, batch_idx, data_batch=None, outputs=None):
    from mmwsl.apis.throughput import _Finished
    self.constant = runner.model.data_preprocessor(data_batch, True)
    raise _Finished
