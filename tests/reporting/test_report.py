"""The page of records: what its tables say, that it needs nothing from outside, and that a browser sorts it."""

import html.parser
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmwsl.apis import extract, load_config, report
from mmwsl.cli import main
from mmwsl.reporting.report import feature_map

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
BASE = dict(suite='small', dataset='Digits', protocol='knn', seed=0, date='2026-01-02T00:00:00Z', commit='abc1234',
            hardware='a machine', layer=-1, settings={})


def record(method, metric, value, **more):
    return dict(BASE, method=method, metric=metric, value=value, **more)


RECORDS = [
    record('random', 'knn1_top1', 10.0), record('random', 'knn5_top1', 11.0),
    record('b', 'knn1_top1', 40.0), record('b', 'knn5_top1', 60.0, settings=dict(checkpoint=dict(pixels=5_000_000))),
    record('a<i>', 'knn1_top1', 50.0), record('a<i>', 'knn1_top1', 52.0, seed=1),
    record('supervised', 'knn1_top1', 90.0), record('supervised', 'knn5_top1', 91.0),
]


def write(path, records):
    path.write_text(''.join(json.dumps(each) + '\n' for each in records))
    return path


class Tables(html.parser.HTMLParser):
    """Rows of every table as lists of text, classes of rows and cells, and every address the page names."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.classes, self.addresses, self.images, self.inside = [], [], [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.addresses += [attributes[name] for name in ('src', 'href', 'xlink:href') if attributes.get(name)]
        if tag == 'table':
            self.tables.append([])
        elif tag == 'tr':
            self.tables[-1].append([])
            self.classes.append(attributes.get('class'))
        elif tag in ('td', 'th'):
            self.tables[-1][-1].append('')
            self.inside = True
        elif tag == 'img':
            self.images.append(attributes['src'])

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ('td', 'th')

    def handle_data(self, data):
        if self.inside:
            self.tables[-1][-1][-1] += data


def test_the_table_is_that_of_the_records(tmp_path):
    page = report([write(tmp_path / 'records.jsonl', RECORDS)], tmp_path / 'deep' / 'report.html', title='A < B')
    text = page.read_text()
    parsed = Tables(text)
    assert parsed.tables == [[
        ['method', 'million pixels', 'knn1 top1', 'knn5 top1'],
        ['random', '0', '10.00', '11.00'],
        ['b', '5', '40.00', '60.00'],
        ['a<i>', '-', '51.00 ± 1.41 (n=2)', '-'],
        ['supervised', '-', '90.00', '91.00']]]
    assert parsed.classes == [None, 'floor', None, None, 'ceiling']
    best = re.findall(r'<td [^>]*class="best">([^<]*)</td>', text)
    assert best == ['60.00', '51.00 ± 1.41 (n=2)']
    assert '<title>A &lt; B</title>' in text and '8 values of 4 methods' in text and 'seeds 0, 1' in text
    assert text.count('<svg') == 1 and 'knn top1' in text  # the curve over k
    assert all(address.startswith(('#', 'data:')) for address in parsed.addresses)
    outside = set(re.findall(r'https?://[^\s"\'<>]+', text))
    assert all('w3.org' in address for address in outside), outside  # names of XML, which nobody fetches


def test_suites_data_sets_and_layers_get_tables_of_their_own(tmp_path):
    layers = [record('b', 'linear_top1', 10.0 * layer, protocol='linear', layer=layer, suite='layers')
              for layer in (2, 1, 3)]
    path = write(tmp_path / 'records.jsonl', [*RECORDS, record('b', 'knn1_top1', 5.0, dataset='Other'), *layers])
    text = report([path], tmp_path / 'report.html').read_text()
    tables = Tables(text).tables
    assert [len(table) for table in tables] == [5, 2, 2]
    assert tables[2] == [['method', 'linear top1 layer 1', 'linear top1 layer 2', 'linear top1 layer 3'],
                         ['b', '10.00', '20.00', '30.00']]
    assert 'small on Other' in text and 'linear top1 by layer' in text


def digits_features(tmp_path, thumbnails):
    config = tmp_path / 'config.py'
    config.write_text("""
_base_ = 'mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(backbone=dict(base_channels=4), neck=dict(in_channels=32))
benchmark = dict(_delete_=True, train=dict(type='Digits', split='train', size=16),
                 test=dict(type='Digits', split='test', size=16, max_images=90))
""")
    out = tmp_path / f'features{thumbnails}.npz'
    extract(load_config(config), 'random', out, thumbnails=thumbnails)
    return out


def test_features_neighbours_training_and_quoted_figures(tmp_path):
    features = digits_features(tmp_path, 60)
    arrays = np.load(features)
    assert arrays['thumbnails'].shape == (60, 48, 48, 3) and len(set(arrays['thumbnail_rows'].tolist())) == 60
    log = tmp_path / 'runs' / 'b-seed0' / '20260101' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text('{"loss": 2.0, "step": 1}\n{"loss": 1.0, "accuracy": 50.0, "step": 2}\n{"loss": NaN, "step": 3}\n{"lo')
    code = main(['report', str(write(tmp_path / 'records.jsonl', RECORDS)), '--out', str(tmp_path / 'report.html'),
                 '--features', f'untrained={features}', f'plain={digits_features(tmp_path, 0)}', '--runs',
                 str(tmp_path / 'runs'), '--quoted', str(ROOT / 'docs' / 'published' / 'figures.jsonl'),
                 '--quoted-where', 'dataset=CIFAR-10', 'protocol=knn'])
    assert code == 0
    text = (tmp_path / 'report.html').read_text()
    parsed = Tables(text)
    assert len(parsed.images) == 10 * 9 and all(uri.startswith('data:image/png;base64,') for uri in parsed.images)
    assert 'untrained (60 images)' in text and 'plain (90 images)' in text
    assert 'b-seed0: loss' in text and 'b-seed0: accuracy' in text
    assert ['simclr (200 epochs, batch 512)', '84.8*'] in parsed.tables[-1]
    assert 'not run here' in text and 'best epoch' in text


@pytest.mark.parametrize('kind', ['one class', 'several tags', 'unlabelled'])
def test_frames_of_neighbours_say_what_is_known(tmp_path, kind):
    """Green and red only where the classes of both images are known."""
    rng, classes = np.random.default_rng(0), np.arange(12) % 2
    arrays = dict(features=rng.normal(size=(12, 4)), thumbnail_rows=np.arange(12),
                  thumbnails=rng.integers(0, 255, (12, 8, 8, 3)).astype(np.uint8))
    if kind != 'unlabelled':
        arrays |= dict(labels=classes if kind == 'one class' else np.eye(2)[classes], classes=np.array(['cat', 'dog']))
    np.savez(tmp_path / 'features.npz', **arrays)
    frames = [[cell['frame'] for cell in row] for row in feature_map('x', tmp_path / 'features.npz')['neighbors']]
    assert len(frames) == 10
    assert {frame for row in frames for frame in row} == ({'same', 'other'} if kind == 'one class' else {''})
    if kind == 'one class':  # 8 of the 11 others, 5 of which are of the same class
        assert all(row[0] == 'same' and 2 <= row[1:].count('same') <= 5 for row in frames)
    assert main(['report', str(write(tmp_path / 'records.jsonl', RECORDS)), '--out', str(tmp_path / 'report.html'),
                 '--features', f'x={tmp_path / "features.npz"}']) == 0
    text = (tmp_path / 'report.html').read_text()
    assert (text.count('<figure class="same">') > 0) == (text.count('<figure class="other">') > 0) == (kind == 'one class')
    assert '.neighbours img { width: 64px; height: 64px; object-fit: cover; image-rendering: pixelated; border: 3px solid ' \
        'transparent' in text


@pytest.mark.parametrize('options, message', [
    (['--features', 'x=none.npz'], 'features none.npz do not exist'),
    (['--features', 'none.npz'], 'give NAME=VALUE'),
    (['--runs', 'nowhere'], 'nowhere has no training run'),
    (['--quoted', 'none.jsonl'], 'none.jsonl does not exist'),
    (['--quoted', str(ROOT / 'docs' / 'published' / 'figures.jsonl'), '--quoted-where', 'dataset=Mars'], 'has no value'),
    (['--quoted', str(ROOT / 'docs' / 'published' / 'figures.jsonl'), '--quoted-where', 'planet=Mars'],
     "have no field 'planet'"),
])
def test_bad_input_leaves_no_page(tmp_path, capsys, options, message):
    out = tmp_path / 'report.html'
    assert main(['report', str(write(tmp_path / 'records.jsonl', RECORDS)), '--out', str(out), *options]) == 1
    assert message in capsys.readouterr().err and not out.exists()


def test_bad_records(tmp_path, capsys):
    empty = write(tmp_path / 'empty.jsonl', [])
    assert main(['report', str(empty), '--out', str(tmp_path / 'report.html')]) == 1
    assert 'no records' in capsys.readouterr().err
    assert main(['report', str(tmp_path / 'none.jsonl'), '--out', str(tmp_path / 'report.html')]) == 1
    (tmp_path / 'broken.npz').write_bytes(b'nothing')
    assert main(['report', str(write(tmp_path / 'records.jsonl', RECORDS)), '--out', str(tmp_path / 'report.html'),
                 '--features', f'x={tmp_path / "broken.npz"}']) == 1
    assert 'is no .npz file' in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason='no browser is installed (chromium)')
def test_a_browser_sorts_by_the_heading_that_is_clicked(tmp_path):
    page = report([write(tmp_path / 'records.jsonl', RECORDS)], tmp_path / 'report.html')

    def order(clicks):
        script = ''.join(f"document.querySelectorAll('table.measured thead th')[{place}].click();" for place in clicks)
        page_with_clicks = tmp_path / 'clicked.html'
        page_with_clicks.write_text(page.read_text().replace('</body>', f'<script>{script}</script></body>'))
        done = subprocess.run([CHROMIUM, '--headless', '--no-sandbox', '--disable-gpu', f'--user-data-dir={tmp_path}/user',
                               '--dump-dom', page_with_clicks.as_uri()], capture_output=True, text=True, timeout=240)
        return [row[0] for row in Tables(done.stdout).tables[0][1:]]

    assert order([]) == ['random', 'b', 'a<i>', 'supervised']
    assert order([2]) == ['supervised', 'a<i>', 'b', 'random']  # figures fall first
    assert order([2, 2]) == ['random', 'b', 'a<i>', 'supervised']
    assert order([3]) == ['supervised', 'b', 'random', 'a<i>']  # what was not run is last
    assert order([0]) == ['a<i>', 'b', 'random', 'supervised']


def test_the_tool(tmp_path):
    done = subprocess.run([sys.executable, str(ROOT / 'tools' / 'report.py'), str(write(tmp_path / 'r.jsonl', RECORDS)),
                           '--out', str(tmp_path / 'report.html')], capture_output=True, text=True)
    assert done.returncode == 0 and 'open it in a browser' in done.stdout, done.stderr
