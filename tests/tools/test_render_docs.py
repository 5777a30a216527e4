"""The published tables are those of the committed records."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tools'))
try:
    import render_docs
    from render_docs import render
finally:
    sys.path.remove(str(ROOT / 'tools'))


def test_published_tables_are_rendered_from_their_records():
    done = subprocess.run([sys.executable, str(ROOT / 'tools' / 'render_docs.py'), '--check'], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout + done.stderr + 'run python tools/render_docs.py'


def test_check_sees_a_changed_figure(tmp_path):
    """The check itself can fail: a copy of the page with one digit changed is out of date."""
    page = (ROOT / 'docs' / 'results' / 'quickstart' / 'README.md').read_text(encoding='utf-8')
    assert render(page) == page and '| random |' in page
    assert render(page.replace('| random | ', '| random | 9')) == page


@pytest.mark.parametrize('kind, expected', [
    ('methods linear_top1', '| a | 40.00 |'),
    ('layers', '| a | 30.00 | 40.00 |'),
    ('matrix linear_top1', '| b | 20.00 | - | 20.00 |'),
    ('datasets linear_top1', 'Digits:\n\n| method | linear top1 |\n|---|--:|\n| a+b | 20.00 |'),
])
def test_each_kind_of_block(tmp_path, kind, expected):
    base = dict(protocol='linear', metric='linear_top1', dataset='Digits', seed=0)
    layers = [dict(base, method='a', value=value, layer=layer, pooling='average')
              for layer, value in ((1, 30.0), (2, 40.0))]
    pair = [dict(base, method='a+b', value=20.0)]
    path = tmp_path / 'records.jsonl'
    records = layers[1:] if 'methods' in kind else layers if 'layers' in kind else pair
    path.write_text(''.join(json.dumps(record) + '\n' for record in records))
    word, *metrics = kind.split()
    page = render(f'<!-- {word}: {path} {" ".join(metrics)} -->\n<!-- end -->\n')
    assert expected in page.replace('**', '')
    path.unlink()
    assert 'Not run yet.' in render(page) and '20.00' not in render(page) and '40.00' not in render(page)


def test_costs_of_labels(tmp_path):
    path = tmp_path / 'label_cost.json'
    path.write_text(json.dumps(dict(metric='mIoU', methods=[dict(
        method='tags', images=40, seconds=7200.0, mean=31.0, values={'0': 30.0, '1': 32.0})])))
    page = render(f'<!-- costs: {path} -->\n<!-- end -->\n')
    assert '| labels | images | hours | seconds an image | mIoU | seeds |' in page
    assert '| tags | 40 | 2.00 | 180.0 | 31.00 ± 1.41 | 2 |' in page


def test_families_of_labels_with_what_they_cost(tmp_path):
    base, path = dict(method='tags', dataset='Shapes', seed=0), tmp_path / 'families.jsonl'
    records = [dict(base, protocol='segmentation', metric='mIoU', value=30.0),
               dict(base, protocol='annotation', metric='annotation_seconds', value=3600.0, settings=dict(labels='tags', images=720))]
    path.write_text(''.join(json.dumps(record) + '\n' for record in records))
    page = render(f'<!-- families: {path} -->\n<!-- end -->\n')
    assert '| tags | tags | unknown | 720 | 1.00 | - | - | - | **30.00** |' in page
    path.unlink()
    assert 'Not run yet.' in render(page) and '30.00' not in render(page)


def test_map_of_the_rooms_goes_by_their_docstrings(tmp_path, monkeypatch):
    monkeypatch.setattr(render_docs, 'ROOMS', ('upper', 'lower.py'))
    package = tmp_path / 'house'
    for name, text in (('upper/__init__.py', 'Top.\n\nMore.'), ('upper/inner/__init__.py', 'Inside ``x``.'),
                       ('lower.py', 'Below.'), ('__init__.py', 'House.')):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(f'"""{text}"""\n')
    assert render_docs.render_rooms(package) == (
        '* `house/upper/`: Top.\n* `house/upper/inner/`: Inside `x`.\n* `house/lower.py`: Below.\n')
    (package / 'upper' / 'inner' / '__init__.py').write_text('x = 1\n')
    with pytest.raises(ValueError, match='inner/__init__.py has no docstring'):
        render_docs.render_rooms(package)
    (package / 'cellar.py').write_text('"""New."""\n')
    with pytest.raises(ValueError, match="differ: \\['cellar.py'\\]"):
        render_docs.render_rooms(package)


FIGURE = dict(method='simclr', variant=None, backbone='ResNet-50', supervision='none', dataset='ImageNet', split='val',
              protocol='linear', metric='top1', layer=None, value=66.9, note=None, source='a/zoo: README.md')


def chosen(*changes, protocols=('linear', 'linear_layers')):
    """The value that an overview shows of figures that differ from ``FIGURE`` by ``changes``."""
    figure = render_docs.choose_quoted([{**FIGURE, **change} for change in changes], 'simclr', list(protocols), 'ResNet-50')
    return figure and figure['value']


def test_which_published_figure_is_shown():
    assert chosen({}, dict(value=69.2), dict(value=62.7)) == 69.2  # the highest
    assert chosen({}, dict(value=80.0, backbone='ViT-B')) == 66.9  # on the network that is asked for
    assert chosen(dict(value=80.0, backbone='ViT-B'), dict(value=70.0, backbone='ViT-S')) == 80.0  # else on any
    assert chosen(dict(value=80.0, protocol='linear_layers'), {}) == 66.9  # by the first protocol
    assert chosen(dict(value=80.0, protocol='svm'), dict(value=90.0, method='byol')) is None


def test_a_published_figure_says_its_setting():
    assert render_docs.quoted_cell({**FIGURE, 'variant': '800 epochs', 'note': 'best epoch'}) == (
        '66.9: ResNet-50, 800 epochs, best epoch (a/zoo)')
    assert render_docs.quoted_cell({**FIGURE, 'protocol': 'linear_layers', 'layer': 'f4', 'value': 4.35}) == (
        '4.35: ResNet-50, f4, best layer (a/zoo)')
    assert render_docs.quoted_cell(None) == '-'


@pytest.fixture
def overview(tmp_path, monkeypatch):
    """Records of two methods, a published figure of one, and the function that renders an overview of given rows."""
    monkeypatch.setattr(render_docs, 'QUOTED', tmp_path / 'figures.jsonl')
    (tmp_path / 'figures.jsonl').write_text(json.dumps(FIGURE) + '\n' + json.dumps({**FIGURE, 'dataset': 'Food', 'value': 99.0}) + '\n')
    base = dict(protocol='linear', dataset='CIFAR-10', layer=-1)
    records = [dict(base, method=method, metric=metric, value=value, seed=seed) for method, metric, value, seed in (
        ('random', 'top1', 20.0, 0), ('random', 'top5', 60.0, 0), ('simclr', 'top1', 50.0, 0), ('simclr', 'top1', 52.0, 1),
        ('simclr', 'top5', 90.0, 0))]
    (tmp_path / 'records.jsonl').write_text(''.join(json.dumps(record) + '\n' for record in records))

    def rendered(*rows):
        return render(f'<!-- overview: {tmp_path / "records.jsonl"} ours=top5,top1\nquoted: dataset=ImageNet metric=top1 '
                      'protocol=linear backbone=ResNet-50\n' + '\n'.join(rows) + '\n-->\n<!-- end -->\n', ROOT / 'docs' / 'methods.md')

    return rendered


def test_an_overview_by_hand(overview):
    page = overview('random: untrained', 'simclr: tells views apart: by others')
    assert page.split('-->\n', 1)[1] == (
        '\n| method | idea | quoted: ImageNet top1 | ours: top5 | ours: top1 |\n|---|---|---|--:|--:|\n'
        '| random | untrained | - | 60.00 | 20.00 |\n'
        '| [SimCLR](methods/simclr.md) (Chen et al., 2020) | tells views apart: by others | 66.9: ResNet-50 (a/zoo) '
        '| **90.00** | **51.00 ± 1.41 (n=2)** |\n\n<!-- end -->\n')
    with pytest.raises(ValueError, match='methods.md: .*records.jsonl has no record of byol, which the overview names'):
        overview('byol: predicts')


def test_the_overview_has_every_method_once():
    text = (ROOT / 'docs' / 'methods.md').read_text(encoding='utf-8')
    pages = re.findall(r'^\| \[[^]]+\]\(methods/(\w+)\.md\)', text, re.M)
    assert sorted(pages) == sorted(path.stem for path in (ROOT / 'docs' / 'methods').glob('*.md'))
