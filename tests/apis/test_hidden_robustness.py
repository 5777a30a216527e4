"""Accuracy on partly hidden images, from the command line: a small trained classifier and an untrained one."""

import json

import pytest
import torch

from mmwsl.apis import evaluate, hidden_robustness, load_config
from mmwsl.cli import main

CONFIG = """
_base_ = 'mmwsl::classification/hide_and_seek/hide_and_seek_r8_1xb128-cos-4e_cifar10.py'
digits = dict(_delete_=True, type='Digits', size=16, supervision='image')
data_preprocessor = dict(mean=[80, 80, 80], std=[90, 90, 90], views=[[]])
train_dataloader = dict(batch_size=32, dataset=dict(split='train', max_images=640, **digits))
test_dataloader = dict(batch_size=32, dataset=dict(split='test', max_images=150, **digits))
benchmark = dict(_delete_=True, dataset='Digits')
optim_wrapper = dict(dtype='float32')
param_scheduler = []
train_cfg = dict(max_epochs=2)
"""


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Config and checkpoint."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp('classifier')
    config = folder / 'digits.py'
    config.write_text(CONFIG)
    assert main(['train', str(config), '--work-dir', str(folder / 'run')]) == 0
    return str(config), str(folder / 'run' / 'epoch_2.pth')


def changed(config, path, changes):
    """A config beside, with other settings."""
    path.write_text(f"_base_ = '{config}'\n{changes}")
    return str(path)


def test_figures_and_curve(trained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    config, checkpoint = trained
    assert main(['hidden-robustness', '--of', 'trained', config, checkpoint, '--of', 'random', config, 'random',
                 '--out', 'curve', '--cell', '4', '--shares', '0', '0.3', '0.7', '1']) == 0
    result = json.loads((tmp_path / 'curve' / 'hidden_robustness.json').read_text())
    assert (result['dataset'], result['images'], result['cell'], result['seed']) == ('Digits', 150, 4, 0)
    assert result['shares'] == [0, 0.3, 0.7, 1] and result['command'] and result['versions']
    assert result['hidden'] == pytest.approx([0, 30, 70, 100], abs=4) and result['hidden'][::3] == [0, 100]
    first, second = result['models']
    assert (first['name'], first['config'], first['checkpoint']) == ('trained', 'digits.py', 'epoch_2.pth')
    assert second['checkpoint'] == 'random'
    top1 = first['top1']
    whole = evaluate(load_config(config), checkpoint)['accuracy/top1']
    assert top1[0] == pytest.approx(whole, abs=1e-3)  # nothing hidden: what mmwsl test says
    assert top1[0] > 30 and top1[0] - top1[2] > 10 and top1[1] > top1[2]
    assert top1[3] < 20  # of one image that is the mean all over, as many are right as have its class
    svg = (tmp_path / 'curve' / 'hidden_robustness.svg').read_text()
    assert all(f'>{text}<' in svg for text in ('trained', 'random', 'hidden cells of 4 pixels, percent'))
    assert f'| trained | {top1[0]:.2f} |' in capsys.readouterr().out


def test_same_cells_for_every_model_and_batch_size_and_another_seed(trained, tmp_path):
    config, checkpoint = trained
    state = torch.random.get_rng_state()
    both = hidden_robustness([('one', config, checkpoint), ('two', config, checkpoint)], tmp_path, 4, (0.2, 0.5))
    assert both['models'][0]['top1'] == both['models'][1]['top1']
    assert torch.equal(torch.random.get_rng_state(), state)
    smaller = changed(config, tmp_path / 'smaller.py', 'test_dataloader = dict(batch_size=7)')
    again = hidden_robustness([('one', smaller, checkpoint)], tmp_path, 4, (0.5, 0.2))
    assert again['models'][0]['top1'] == both['models'][0]['top1'][::-1] and again['hidden'] == both['hidden'][::-1]
    other = hidden_robustness([('one', config, checkpoint)], tmp_path, 4, (0.2, 0.5), seed=1)
    assert other['hidden'] != both['hidden']


def test_draws_of_a_view_in_the_test_do_not_depend_on_other_models(trained, tmp_path):
    config, checkpoint = trained
    noisy = changed(config, tmp_path / 'noisy.py', "data_preprocessor = dict(test_view=[dict(type='InputDropout', mean=80 / 255)])")
    alone = hidden_robustness([('noisy', noisy, checkpoint)], tmp_path, 4, (0.0,))
    beside = hidden_robustness([('plain', config, checkpoint), ('noisy', noisy, checkpoint)], tmp_path, 4, (0.0,))
    assert alone['models'][0]['top1'] == beside['models'][1]['top1'] != beside['models'][0]['top1']


def test_what_cannot_be_scored(trained, tmp_path, capsys):
    config, checkpoint = trained
    pretext = 'mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py'
    unlabelled = changed(config, tmp_path / 'unlabelled.py', "test_dataloader = dict(dataset=dict(supervision='none'))")
    hundred = changed(config, tmp_path / 'hundred.py', 'model = dict(head=dict(num_classes=100))')
    for models, settings, text in (
            ([], {}, 'give at least one model'),
            ([('a', config, 'random')] * 2, {}, 'each with a name of its own; got a, a'),
            ([('a', config, 'random')], dict(cell=0), 'cell=0 must be 1 pixel or more'),
            ([('a', config, 'random')], dict(shares=(0.5, 1.5)), r'shares=\(0.5, 1.5\) one or more numbers from 0 to 1'),
            ([('a', config, 'random')], dict(shares=()), 'one or more numbers'),
            ([('a', pretext, 'random')], {}, 'has no test_dataloader'),
            ([('a', config, 'random'), ('b', pretext, 'random')], {}, 'b is a SimCLR; give an ImageClassifier'),
            ([('a', config, 'random'), ('b', hundred, 'random')], {}, 'b tells 100 classes apart, the test set of .* has'),
            ([('a', unlabelled, 'random')], {}, "set supervision='image'"),
    ):
        with pytest.raises(ValueError, match=text):
            hidden_robustness(models, tmp_path / 'out', **settings)
    assert not (tmp_path / 'out').exists()
    assert main(['hidden-robustness', '--of', 'a', config, 'absent.pth', '--out', str(tmp_path / 'out')]) == 1
    assert 'absent.pth does not exist' in capsys.readouterr().err
