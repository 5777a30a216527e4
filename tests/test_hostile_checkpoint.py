"""A checkpoint that holds code runs none of it, whichever way it comes in and however mmengine reads files.

Some releases of mmengine read a file again without the check where torch refuses it (``weights_only=False``), as torch
itself did by default before 2.6; ``torch.hub`` does to this day.
"""

import functools
import http.server
import pickle
import threading
import warnings

import pytest
import torch
from mmengine.runner.checkpoint import load_checkpoint
from tiny_runs import train_here, write_config

from mmwsl.apis import load_config
from mmwsl.apis.build import build_model
from mmwsl.checkpoints import read_checkpoint, read_meta
from mmwsl.cli import main

SCENES = """
_base_ = 'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'
test_dataloader = dict(dataset=dict(num_scenes=8))
"""


class Hostile:
    """Whoever unpickles it makes an empty file."""

    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return open, (self.mark, 'w')


class HostileScript(torch.nn.Module):
    """As TorchScript archive: whoever loads it makes a file."""

    def __init__(self, mark: str):
        super().__init__()
        self.mark = mark
        self.content = torch.zeros(4)
        self.training = False

    @torch.jit.export
    def __getstate__(self) -> tuple[str, bool]:
        return self.mark, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[str, bool]) -> None:
        self.mark = state[0]
        self.training = state[1]
        self.content = torch.from_file(state[0], True, 4)

    def forward(self, x: torch.Tensor):
        return x


@pytest.fixture
def permissive(monkeypatch):
    """torch.load as those releases call it: where nobody asked for the check by name, it is left out."""
    load = torch.load

    def load_all(*args, weights_only=None, **kwargs):
        return load(*args, weights_only=bool(weights_only), **kwargs)

    monkeypatch.setattr(torch, 'load', load_all)


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A config and the checkpoint of a training."""
    folder = tmp_path_factory.mktemp('trained')
    config = write_config(folder)
    train_here(config, folder / 'run', train_cfg__max_epochs=1)
    return config, folder / 'run' / 'epoch_1.pth'


@pytest.fixture
def hostile(trained, tmp_path, permissive):
    """The config, a checkpoint that all would take if it held no code, and the mark that the code leaves."""
    (config, good), path, mark = trained, tmp_path / 'run' / 'epoch_1.pth', tmp_path / 'mark'
    content = torch.load(good, weights_only=True)
    content['meta']['note'] = Hostile(mark)
    path.parent.mkdir()
    torch.save(content, path)
    return config, path, mark


def test_mmengine_alone_would_run_it(hostile):
    """So that the tests below can fail."""
    config, path, mark = hostile
    load_checkpoint(build_model(load_config(config))[0], str(path))
    assert mark.exists()


@pytest.mark.parametrize('command', [
    'train {config} --work-dir {folder}/run --resume', 'train {config} --work-dir {folder}/new --resume {file}',
    'train {config} --work-dir {folder}/run --resume-anew',
    'train {config} --work-dir {folder}/new --cfg-options load_from={file}',
    'test {config} {file}', 'benchmark {config} {file} --protocols knn --out {folder}/r.jsonl',
    'extract {config} {file} --out {folder}/f.npz', 'convert {file} {folder}/c.pth',
    'convert {file} {folder}/c.pth --to torchvision',
    'overlays --of a {scenes} {file} --out {folder}/o.png',
    'hidden-robustness --of a {scenes} {file} --out {folder}/h'])
def test_commands_run_nothing(hostile, tmp_path, monkeypatch, capsys, command):
    config, path, mark = hostile
    monkeypatch.chdir(tmp_path)
    scenes = write_config(tmp_path, SCENES, name='scenes.py')
    words = command.format(config=config, folder=tmp_path, file=path, scenes=scenes).split()
    assert main(words) == 1 and not mark.exists()
    said = capsys.readouterr().err
    assert 'epoch_1.pth holds Python objects beside tensors' in said or 'none of the 1 checkpoints' in said


@pytest.mark.parametrize('prefix', [None, 'backbone.'])
def test_pretrained_parts_run_nothing(hostile, prefix):
    config, path, mark = hostile
    start = {'model.backbone.init_cfg': dict(type='Pretrained', checkpoint=str(path), prefix=prefix)}
    with pytest.raises(ValueError, match='epoch_1.pth holds Python objects beside tensors'):
        build_model(load_config(config, start))
    with pytest.raises(ValueError, match='epoch_1.pth holds Python objects beside tensors'):
        build_model(load_config(config, {'model.init_cfg': dict(type='Pretrained', checkpoint=str(path))}))
    with pytest.raises(ValueError, match='epoch_1.pth holds Python objects beside tensors'):
        train_here(config, path.parents[1] / 'new', **start)
    assert not mark.exists()


def test_what_is_downloaded_runs_nothing(hostile, trained, monkeypatch, tmp_path):
    config, path, mark = hostile
    good = path.with_name('good.pth')
    good.write_bytes(trained[1].read_bytes())
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=path.parent)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f'http://127.0.0.1:{server.server_address[1]}'
        start = dict(type='Pretrained', prefix='backbone')
        with pytest.raises(ValueError, match='epoch_1.pth holds Python objects'):
            build_model(load_config(config, {'model.backbone.init_cfg': dict(start, checkpoint=f'{address}/epoch_1.pth')}))
        model, _ = build_model(load_config(config, {
            'model.backbone.init_cfg': dict(start, checkpoint=f'{address}/good.pth')}))
        server.shutdown()
    assert not mark.exists()
    expected = read_checkpoint(good)['state_dict']['backbone.conv1.weight']
    assert torch.equal(model.backbone.conv1.weight.cpu(), expected)


@pytest.mark.parametrize('form', ['archive', 'old', 'pickle', 'whole', 'script'])
def test_every_form_of_file(tmp_path, permissive, capsys, form):
    mark, path = tmp_path / 'mark', tmp_path / ('a.pkl' if form == 'pickle' else 'a.pth')
    content = {'state_dict': {'backbone.w': torch.ones(2)}, 'extra': Hostile(mark)}
    if form == 'script':
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', DeprecationWarning)
            torch.jit.script(HostileScript(str(mark))).save(str(path))
        torch.jit.load(str(path))
        assert mark.exists()  # what torch itself does with it
        mark.unlink()
    elif form == 'pickle':
        path.write_bytes(pickle.dumps(dict(model=dict(w=[1.0]), extra=Hostile(mark))))
    else:
        torch.save(Hostile(mark) if form == 'whole' else content, path, _use_new_zipfile_serialization=form != 'old')
    message = dict(script='holds code, as a TorchScript archive does; .*--trust', archive='holds Python objects',
                   whole='holds Python objects').get(form, 'holds Python objects|is not readable')
    for read in (read_checkpoint, read_meta):
        with pytest.raises(ValueError, match=message):
            read(path)
    assert main(['convert', str(path), str(tmp_path / 'out.pth')]) == 1
    assert not mark.exists() and not (tmp_path / 'out.pth').exists()


