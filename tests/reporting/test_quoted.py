import json
from pathlib import Path

import pytest

from mmwsl.apis import read_quoted, render_quoted

FIGURES = Path(__file__).resolve().parents[2] / 'docs' / 'published' / 'figures.jsonl'
FIGURE = dict(method='simclr', variant='200 epochs', backbone='ResNet-50', supervision='none', dataset='ImageNet',
              split='val', protocol='linear', metric='top1', layer=None, value=66.9, note=None, source='a paper')


def test_a_table_by_hand():
    figures = [dict(FIGURE, method='supervised', variant=None, value=76.5, note='best epoch'), FIGURE,
               dict(FIGURE, metric='top5', value=88.0), dict(FIGURE, method='random', variant=None, value=4.35)]
    assert render_quoted(figures) == (
        '**Quoted, not run here:** linear, ImageNet (val), ResNet-50; a paper.\n\n'
        '| method | top1 | top5 |\n|---|--:|--:|\n'
        '| random | 4.35 | - |\n'
        '| simclr (200 epochs) | 66.9 | 88.0 |\n'
        '| supervised | 76.5 [1] | - |\n\n'
        '[1] best epoch  \n')
    assert 'a paper; one run.' in render_quoted([dict(FIGURE, note='one run')])


def test_sources_and_backbones_stay_apart():
    tables = render_quoted([FIGURE, dict(FIGURE, source='another'), dict(FIGURE, backbone='ViT-S')])
    assert tables.count('Quoted, not run here') == 3
    layers = render_quoted([dict(FIGURE, protocol='linear_layers', layer=name) for name in ('f1', 'f2')])
    assert '| method | f1 | f2 |' in layers
    sets = render_quoted([dict(FIGURE, protocol='transfer_linear', dataset=name) for name in ('Food', 'Pets')])
    assert '| method | Food | Pets |' in sets and 'small sets' in sets
    with pytest.raises(ValueError, match='no published values'):
        render_quoted([])


@pytest.mark.parametrize('line, message', [
    ('{', 'line 2: not JSON'),
    (json.dumps({**FIGURE, 'source': ''}), 'line 2: .*missing: source'),
    (json.dumps({key: value for key, value in FIGURE.items() if key != 'value'}), 'missing: value'),
    (json.dumps({**FIGURE, 'value': '66.9'}), 'value no number'),
    (json.dumps({**FIGURE, 'colour': 'red'}), 'one is unknown'),
])
def test_bad_files(tmp_path, line, message):
    path = tmp_path / 'figures.jsonl'
    path.write_text(json.dumps(FIGURE) + '\n' + line + '\n')
    with pytest.raises(ValueError, match=message):
        read_quoted(path)
    with pytest.raises(FileNotFoundError, match='does not exist'):
        read_quoted(tmp_path / 'none.jsonl')


def test_the_file_that_ships():
    """Each figure once, within its range, and some that are known by heart."""
    figures = read_quoted(FIGURES)
    keys = [tuple(value for key, value in figure.items() if key not in ('value', 'note')) for figure in figures]
    assert len(keys) == len(set(keys)) > 800
    assert all(0 < figure['value'] < (1e6 if figure['metric'].startswith(('seconds', 'ms')) else 100) for figure in figures)

    def value(**wanted):
        found, = [figure['value'] for figure in figures if all(figure[key] == each for key, each in wanted.items())]
        return found

    oss = dict(source='open-mmlab/OpenSelfSup: docs/MODEL_ZOO.md')
    assert value(method='moco_v2', protocol='svm', **oss) == 84.26
    assert value(method='rotation', protocol='linear_layers', dataset='ImageNet', layer='f4', **oss) == 54.99
    assert value(method='rotation', backbone='AlexNet', layer='conv3') == 38.7
    assert value(method='simclr', variant='200 epochs, batch 512', dataset='CIFAR-10') == 84.8
