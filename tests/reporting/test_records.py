import json
import subprocess
import sys

import pytest

import mmwsl
from mmwsl.apis import read_records, render_table
from mmwsl.files import append_json_lines
from mmwsl.reporting import records as module
from mmwsl.reporting.records import FIELDS, checkpoint_name, is_of, make_record, values_line

DESIGN_FIELDS = ('suite, method, config, seed, dataset, split, protocol, metric, value, settings, command, commit, versions, '
                 'hardware, seconds, date').split(', ')


def record(method, value, protocol='knn', metric='top1', seed=0, dataset='D', **fields):
    return dict(method=method, value=value, protocol=protocol, metric=metric, seed=seed, dataset=dataset, **fields)


def test_make_record():
    made = make_record(method='simclr', value=1.5, seconds=2.0)
    assert set(DESIGN_FIELDS) | {'encoder', 'layer', 'pooling', 'saw_labels'} == set(made) == set(FIELDS)
    assert (made['method'], made['value'], made['seed'], made['suite']) == ('simclr', 1.5, None, None)
    assert made['versions'].keys() >= {'torch', 'mmengine', 'numpy'} and made['versions']['mmwsl'] == mmwsl.__version__
    assert len(made['date']) == 20 and made['date'].endswith('Z')
    assert made['hardware'] and made['command']
    json.dumps(made)
    with pytest.raises(ValueError, match=r"unknown record fields \['colour'\]; known are suite, method"):
        make_record(colour='red')


def test_commit(tmp_path, monkeypatch):
    def git(*words):
        subprocess.run(['git', '-C', str(tmp_path), '-c', 'user.name=a', '-c', 'user.email=a@b.c', *words], check=True,
                       capture_output=True)

    monkeypatch.setattr(module, '__file__', str(tmp_path / 'mmwsl' / 'apis' / 'records.py'))
    assert module._commit() is None  # an installed package
    git('init')
    (tmp_path / 'file').write_text('a')
    git('add', 'file')
    git('commit', '-m', 'first')
    clean = module._commit()
    assert len(clean) >= 7 and set(clean) <= set('0123456789abcdef')
    (tmp_path / 'file').write_text('b')
    assert module._commit() == clean + '-dirty'


def test_append_and_read(tmp_path):
    path = tmp_path / 'deep' / 'records.jsonl'
    append_json_lines(path, [record('a', 1.0)])
    append_json_lines(path, [record('b', 2.0, settings=dict(k=5)), record('ä', 3.0)])
    found = read_records(path)
    assert found == [record('a', 1.0), record('b', 2.0, settings=dict(k=5)), record('ä', 3.0)]
    assert len(path.read_text(encoding='utf-8').splitlines()) == 3
    with pytest.raises(ValueError, match='not JSON compliant'):
        append_json_lines(path, [record('c', 4.0), record('c', float('nan'))])
    assert read_records(path) == found  # all of a call or nothing


def test_bad_files(tmp_path):
    path = tmp_path / 'records.jsonl'
    with pytest.raises(FileNotFoundError, match='records.jsonl does not exist; mmwsl benchmark --out writes one'):
        read_records(path)
    path.write_text('')
    assert read_records(path) == []
    good = json.dumps(record('a', 1.0))
    path.write_text(f'{good}\n\n{good}\n{good[:20]}')
    with pytest.raises(ValueError, match=r'records.jsonl, line 4: not JSON .*was the file cut off\? Remove the line'):
        read_records(path)
    for bad in ('[1]', '{"method": "a"}', '3'):
        path.write_text(f'{good}\n{bad}\n')
        with pytest.raises(ValueError, match='line 2: not a record .method, protocol, metric and value are needed'):
            read_records(path)


def test_table():
    records = [
        record('simclr', 50.0, seed=0), record('simclr', 52.0, seed=1), record('moco', 49.994, seed=0),
        record('simclr', 61.25, 'linear', seed=0), record('random', 30.0), record('random', 33.3, 'linear'),
        record('moco', 61.25, 'linear')]
    assert render_table(records) == (
        '| method | knn top1 | linear top1 |\n'
        '|---|--:|--:|\n'
        '| random | 30.00 | 33.30 |\n'
        '| simclr | **51.00 ± 1.41 (n=2)** | **61.25** |\n'  # sqrt(2) from (50 - 51)^2 + (52 - 51)^2 over n - 1
        '| moco | 49.99 | **61.25** |\n')


def test_table_with_gaps_and_repeats():
    records = [record('a', 1.0), record('a', 2.0), record('b', 1.5, metric='top5')]  # the second run of a replaces the first
    assert render_table(records) == (
        '| method | knn top1 | knn top5 |\n|---|--:|--:|\n| a | **2.00** | - |\n| b | - | **1.50** |\n')
    assert render_table(records[:2]) == '| method | knn top1 |\n|---|--:|\n| a | 2.00 |\n'  # one row: nothing to compare


def test_table_with_figures_of_layers():
    """What was measured at several layers has a column for each; what was not keeps its name."""
    records = [record('a', 1.0, layer=-1), *(record('a', 10.0 * layer, 'multi', layer=layer) for layer in (0, 1))]
    assert render_table(records).splitlines()[0] == '| method | knn top1 | multi top1 layer 0 | multi top1 layer 1 |'
    assert render_table(records).splitlines()[2] == '| a | 1.00 | 0.00 | 10.00 |'


def test_table_with_floors_ceiling_and_budget():
    records = [
        record('supervised', 90.0, settings=dict(checkpoint=dict(pixels=2_000_000_000))),
        record('simclr', 50.0, settings=dict(checkpoint=dict(pixels=1_022_361_600))),
        record('random_rescaled', 31.0, settings=dict(checkpoint='random_rescaled'))]
    assert render_table(records) == (
        '| method | million pixels | knn top1 |\n'
        '|---|--:|--:|\n'
        '| random_rescaled | 0 | 31.00 |\n'
        '| simclr | 1,022 | **50.00** |\n'  # the ceiling is not in the running
        '| supervised | 2,000 | 90.00 |\n')


def test_table_of_several_data_sets():
    with pytest.raises(ValueError, match=r"one table, one data set; these records have \['CIFAR-10', 'VOC'\]"):
        render_table([record('a', 1.0, dataset='VOC'), record('a', 1.0, dataset='CIFAR-10')])
    with pytest.raises(ValueError, match='no records to render'):
        render_table([])


def test_command_names_no_folder_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ['/a/mmwsl/__main__.py', 'suite', str(tmp_path / 'x.py'), '--out', '/b/out', '--cfg-options', 'root=/c/d', 'k=a b']
    assert module._command(arguments) == "mmwsl suite x.py --out out --cfg-options root=d 'k=a b'"


def test_command(monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['/somewhere/tools/benchmark.py', 'CONFIG', 'random', '--out', 'a.jsonl'])
    assert module.environment.__wrapped__()['command'] == 'python tools/benchmark.py CONFIG random --out a.jsonl'


def of(digest, file='epoch_2.pth'):
    return dict(checkpoint=dict(file=file, sha256=digest))


def test_two_checkpoints_of_a_method_get_rows_of_their_own():
    """They are told apart by the hash; earlier records have eight of its digits."""
    first, second = '0123456789ab', 'fedcba987654'
    records = [record('simclr', 50.0, settings=of(first)), record('simclr', 60.0, 'linear', settings=of(second)),
               record('moco', 40.0, settings=of('a' * 12)), record('moco', 45.0, 'linear', settings=of('a' * 8, 'moved.pth')),
               record('random', 10.0, settings=dict(checkpoint='random'))]
    assert render_table(records) == (
        '| method | knn top1 | linear top1 |\n'
        '|---|--:|--:|\n'
        '| random | 10.00 | - |\n'
        '| simclr (epoch_2.pth 01234567) | **50.00** | - |\n'
        '| simclr (epoch_2.pth fedcba98) | - | **60.00** |\n'
        '| moco | 40.00 | 45.00 |\n')
    for metric in ('top1', 'top5'):  # also where the other one has other metrics only
        assert 'simclr (epoch_2.pth 01234567)' in render_table([*records, record('simclr', 1.0, metric='top5', settings=of(first))],
                                                               metrics=[metric])
    seeds = [record('simclr', 50.0, settings=of(first)), record('simclr', 52.0, seed=1, settings=of(second))]
    assert '| simclr | 51.00 ± 1.41 (n=2) |' in render_table(seeds)


def test_a_checkpoint_that_is_not_known_is_another_one():
    records = [record('supervised', 80.0), record('supervised', 90.0, settings=of('0123456789ab')), record('b', 10.0)]
    assert render_table(records) == (
        '| method | knn top1 |\n|---|--:|\n| b | **10.00** |\n'
        '| supervised (checkpoint unknown) | 80.00 |\n| supervised (epoch_2.pth 01234567) | 90.00 |\n')
    # of other kinds of values they are one row, as records of before checkpoints were named
    assert render_table([record('supervised', 80.0, 'linear'), record('supervised', 90.0, settings=of('0123456789ab'))]) == (
        '| method | linear top1 | knn top1 |\n|---|--:|--:|\n| supervised | 80.00 | 90.00 |\n')
    ensemble = dict(checkpoint=[dict(file='a.pth', sha256='1' * 12), dict(file='b.pth', sha256='2' * 12)])
    assert checkpoint_name(record('a', 1.0, settings=ensemble)) == 'a.pth 11111111, b.pth 22222222'
    assert checkpoint_name(record('a', 1.0)) is None


@pytest.mark.parametrize('settings, hashes, fits', [
    (of('0123456789ab'), ['0123456789ab'], True), (of('01234567'), ['0123456789ab'], True),
    (of('0123456789ab'), ['fedcba987654'], False), ({}, ['fedcba987654'], True),
    (dict(checkpoint='epoch_2.pth'), ['fedcba987654'], True),
    (dict(checkpoint=[dict(sha256='a' * 12), dict(sha256='b' * 12)]), ['a' * 12, 'b' * 12], True),
    (dict(checkpoint=[dict(sha256='a' * 12), dict(sha256='b' * 12)]), ['a' * 12, 'c' * 12], False)])
def test_is_of(settings, hashes, fits):
    assert is_of(record('a', 1.0, settings=settings), hashes) is fits


def test_values_line():
    records = [record('a', 12.25, layer=-1), record('a', 50.0, metric='top5', layer=3)]
    assert values_line(records) == 'a knn: top1 12.25, top5 50.00 (layer 3)'


def test_saw_labels():
    """A column where some networks saw labels and others did not, or where that is not known."""
    rows = [record('random', 1, saw_labels=False), record('simclr', 2, saw_labels=False)]
    assert 'saw labels' not in render_table(rows) and 'saw labels' not in render_table([record('a', 1), record('b', 2)])
    rows += [record('lite0', 4, saw_labels=True), record('file', 3)]
    assert render_table(rows) == (
        '| method | saw labels | knn top1 |\n|---|--:|--:|\n| random | no | 1.00 |\n| simclr | no | 2.00 |\n'
        '| lite0 | yes | **4.00** |\n| file | unknown | 3.00 |\n')
    assert 'saw labels' not in render_table([record('a', 1, saw_labels=True), record('b', 2, saw_labels=True)])


def test_of_errors_the_lowest_is_best():
    rows = [record('a', 3.0, 'flow', 'end_point_error'), record('b', 2.0, 'flow', 'end_point_error'),
            record('a', 3.0, 'flow', 'cosine'), record('b', 2.0, 'flow', 'cosine')]
    assert render_table(rows) == (
        '| method | flow end point error | flow cosine |\n|---|--:|--:|\n| a | 3.00 | **3.00** |\n| b | **2.00** | 2.00 |\n')


def test_what_rates_nothing_has_no_best():
    rows = [record('a', 40.0, 'maps', 'threshold_tags'), record('b', 70.0, 'maps', 'threshold_tags')]
    assert render_table(rows) == '| method | maps threshold tags |\n|---|--:|\n| a | 40.00 |\n| b | 70.00 |\n'
