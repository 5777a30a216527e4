"""Where a command is to write is checked before its work: every command, every bad form of a name."""

import json
import os
import re

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import Registry
from tiny_runs import write_config

from mmwsl.cli import main
from mmwsl.datasets.prepare import cityscapes, voc_augmented
from mmwsl.models.backbones import ResNet, VisionTransformer

CAM = 'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'
ROTATION = 'mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py'
LINEAR = 'mmwsl::benchmarks/linear/linear_quick_r18w16_1xb256-cos-4e_cifar10.py'
# what is asked for, the ending of its name, and the command; {out} is the name, {inputs} a folder
FILES = {
    'extract --out': ('.npz', f'extract {ROTATION} random --out {{out}}'),
    'test --out': ('.jsonl', f'test {CAM} random --out {{out}}'),
    'test --protocols --out': ('.jsonl', f'test {ROTATION} random --protocols knn --out {{out}}'),
    'benchmark --out': ('.jsonl', f'benchmark {ROTATION} random --protocols knn --out {{out}}'),
    'throughput --json': ('.json', f'throughput {ROTATION} --json {{out}}'),
    'overlays --out': ('.png', f'overlays --of a {CAM} random --out {{out}}'),
    'report --out': ('.html', 'report {inputs}/records.jsonl --out {out}'),
    'convert': ('.pth', 'convert {inputs}/backbone.pth {out}'),
    'export': ('.pth', 'export {inputs}/standard.pth {out} --to timm'),
    'prepare inaturalist': ('.txt', 'prepare inaturalist {inputs}/inaturalist.json {out}')}
FOLDERS = {
    'train --work-dir': ('', f'train {ROTATION} --work-dir {{out}}'),
    'test --cfg-options work_dir': ('', f'test {CAM} random --cfg-options work_dir={{out}}'),
    'benchmark --work-dir': ('', f'benchmark {LINEAR} random --protocols linear_online --work-dir {{out}}'),
    'suite --out': ('', 'suite {inputs}/suite.py --out {out}'),
    'suite --work-dir': ('', 'suite {inputs}/suite.py --out results --work-dir {out}'),
    'hidden-robustness --out': ('', f'hidden-robustness --of a {CAM} random --out {{out}}'),
    'export --to huggingface': ('', 'export {inputs}/standard.pth {out} --to huggingface'),
    'prepare imagenet_val': ('', 'prepare imagenet_val {inputs}/photos {inputs}/labels.txt {out}')}
COMMANDS = FILES | FOLDERS
AT_ONCE = ('report --out', 'convert', 'prepare inaturalist', 'prepare imagenet_val')  # these build nothing
FORMS = ('other kind', 'below a file', 'not writable', 'link to nothing', 'link to the other kind', 'long', 'empty')


class BuildsError(BaseException):
    """A command came as far as building something; no exception that suites gather from their configs."""


@pytest.fixture(scope='module')
def inputs(tmp_path_factory):
    root = tmp_path_factory.mktemp('inputs')
    record = dict(suite=None, method='a', config=None, seed=0, dataset='d', split='test', protocol='knn', metric='top1',
                  value=1.0, settings={}, layer=-1, pooling=None, date='2026-01-01')
    (root / 'records.jsonl').write_text(json.dumps(record) + '\n')
    torch.save(dict(state_dict=ResNet(18, base_channels=4).state_dict()), root / 'backbone.pth')
    torch.save(dict(state_dict=VisionTransformer('tiny', depth=1, image_size=32).state_dict()), root / 'standard.pth')
    (root / 'inaturalist.json').write_text(json.dumps(dict(
        images=[dict(id=1, file_name='a.jpg')], annotations=[dict(image_id=1, category_id=0)],
        categories=[dict(id=0)])))
    write_config(root, f"suite, protocols = 's', ['knn']\nruns = [dict(method='a', config='{ROTATION}', "
                       "checkpoint='random')]\n", name='suite.py')
    (root / 'photos').mkdir()
    cv2.imwrite(str(root / 'photos' / 'a.JPEG'), np.zeros((4, 4, 3), np.uint8))
    (root / 'labels.txt').write_text('a.JPEG n01440764\n')
    return root


@pytest.fixture
def run(inputs, tmp_path, monkeypatch):
    """Run a command in an empty folder, where building a network or data set ends it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv('MMWSL_TRACEBACK', raising=False)
    build = Registry.build

    def refuse(self, cfg, *args, **kwargs):
        if self.name in ('protocol', 'hook', 'log_processor', 'visualizer', 'vis_backend'):
            return build(self, cfg, *args, **kwargs)
        raise BuildsError(self.name)

    monkeypatch.setattr(Registry, 'build', refuse)

    def command(name, out):
        words = COMMANDS[name][1].split()
        return main([word.replace('{out}', str(out)).replace('{inputs}', str(inputs)) for word in words])

    return command


def bad_name(form, name, folder):
    """An output of a form that cannot be, for a command."""
    kinds = [lambda path: path.write_text('kept'), lambda path: path.mkdir()]
    make_other = kinds[name in FILES]
    path = folder / f'out{COMMANDS[name][0]}'
    if form == 'other kind':
        make_other(path)
    elif form == 'below a file':
        (folder / 'file').write_text('kept')
        path = folder / 'file' / 'new' / path.name
    elif form == 'not writable':
        path = f'/proc/nothing/{path.name}'  # not for root either
    elif form == 'link to nothing':
        path.symlink_to(folder / 'nothing' / 'at all')
    elif form == 'link to the other kind':
        make_other(folder / 'target')
        path.symlink_to(folder / 'target')
    elif form == 'long':
        path = folder / 'new' / f'{"x" * 250}{path.suffix}'  # as long as may be, but for what it is called meanwhile
        path = path if name in FILES else folder / 'new' / ('x' * 256)
    return '' if form == 'empty' else path


def content(folder):
    """What lies in a folder: files with their text, links with what they lead to."""
    return {str(path): os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
            for path in sorted(folder.rglob('*'))}


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('name', COMMANDS)
def test_a_bad_output_ends_a_command_before_its_work(run, tmp_path, capsys, name, form):
    out = bad_name(form, name, tmp_path)
    before = content(tmp_path)
    assert run(name, out) == 1
    said = capsys.readouterr().err
    assert (str(out) or 'empty') in said and re.search('choose another|name a file|give|make that', said), said
    assert content(tmp_path) == before


@pytest.mark.parametrize('name', COMMANDS)
def test_a_good_output_does_not(run, tmp_path, name):
    out = tmp_path / 'new' / f'out{COMMANDS[name][0]}'
    if name in AT_ONCE:
        assert run(name, out) == 0
        assert out.exists() and not list(tmp_path.rglob('*.tmp'))
    else:
        with pytest.raises(BuildsError):
            run(name, out)


def test_files_in_an_output_folder_are_checked_too(run, tmp_path, capsys):
    for name, file in (('suite --out', 'table.md'), ('hidden-robustness --out', 'hidden_robustness.svg')):
        (tmp_path / file).mkdir()
        assert run(name, tmp_path) == 1 and f'{file} is a folder' in capsys.readouterr().err


def test_a_picture_of_no_kind(run, tmp_path, capsys):
    assert run('overlays --out', tmp_path / 'out.docx') == 1
    assert re.search(r'out.docx: .docx is no kind of picture; .* .jpg, .*.png', capsys.readouterr().err)


def test_sets_that_are_completed_in_their_own_folder(tmp_path):
    voc, sbd, city = tmp_path / 'voc', tmp_path / 'sbd', tmp_path / 'gtFine' / 'train' / 'a'
    for folder in (voc, sbd, city):
        folder.mkdir(parents=True)
    (voc / 'SegmentationClassAug').write_text('')
    with pytest.raises(NotADirectoryError, match='SegmentationClassAug is a file, not a folder'):
        voc_augmented(voc, sbd)
    (city / 'x_gtFine_labelIds.png').symlink_to(tmp_path / 'absent.png')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, 'access', lambda path, mode: path != city)
        with pytest.raises(PermissionError, match=f'no permission for {city}'):
            cityscapes(tmp_path)
