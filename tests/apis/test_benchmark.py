import hashlib
import json
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config
from tiny_runs import SIMCLR, train_here, write_config

from mmwsl.apis import benchmark, build_dataset, build_model, extract, load_config, read_records
from mmwsl.cli import main
from mmwsl.protocols import Protocol
from mmwsl.registry import PROTOCOLS

DESIGN_FIELDS = ('suite, method, config, seed, dataset, split, protocol, metric, value, settings, command, commit, versions, '
                 'hardware, seconds, date').split(', ')


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A config and a checkpoint of it."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp('trained')
    config = write_config(folder)
    train_here(config, folder / 'run', randomness__seed=3)
    return config, folder / 'run' / 'epoch_2.pth'


def test_benchmark_on_the_command_line(trained, tmp_path, capsys):
    config, checkpoint = trained
    out = tmp_path / 'records.jsonl'
    for name in ('random', str(checkpoint)):
        assert main(['benchmark', str(config), name, '--out', str(out), '--suite', 'tiny']) == 0
    shown = capsys.readouterr().out
    records = read_records(out)
    assert [(record['method'], record['metric']) for record in records] == [
        ('random', 'knn5_top1'), ('random', 'knn5_top5'), ('simclr', 'knn5_top1'), ('simclr', 'knn5_top5')]
    assert f'| random | {records[0]["value"]:.2f} |' in shown and '| method | knn5 top1 | knn5 top5 |' in shown
    for record in records:
        for field in DESIGN_FIELDS:
            assert field in record, field
            assert record[field] not in ('', [], {}), field
        assert record['suite'] == 'tiny' and record['dataset'] == 'Digits' and record['protocol'] == 'knn'
        assert (record['split'], record['config']) == ('test', 'tiny.py')
        if record['method'] == 'random':
            assert record['seed'] == 0 and record['settings']['checkpoint'] == 'random'
        else:  # the seed it was trained with, not the config's
            digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()[:12]
            assert record['seed'] == 3
            pixels = 20 * 32 * 2 * 16 * 16  # steps, images, views, size
            assert record['settings']['checkpoint'] == dict(
                file='epoch_2.pth', sha256=digest, epoch=2, iter=20, pixels=pixels)
        assert (record['encoder'], record['layer'], record['pooling']) == ('backbone', -1, 'global average')
        assert record['settings']['k'] == 5 and record['settings']['temperature'] == 0.1
        assert record['settings']['n_train'] == 320 and record['settings']['n_test'] == 100
        assert 0 <= record['value'] <= 100
    assert records[0]['value'] != records[2]['value']


def test_value_is_that_of_the_features(trained):
    """kNN of five, by hand on the extracted features."""
    config, checkpoint = trained
    cfg = load_config(config)
    record = benchmark(cfg, checkpoint)[0]
    train, test = extract(cfg, checkpoint, split='train'), extract(cfg, checkpoint)
    unit = [part.features / part.features.norm(dim=1, keepdim=True) for part in (train, test)]
    right = 0
    for row, label in zip(unit[1] @ unit[0].T, test.labels.tolist(), strict=True):
        votes = [0.0] * 10
        for neighbour in sorted(range(len(row)), key=lambda i: -row[i])[:5]:
            votes[train.labels[neighbour]] += float(torch.exp(row[neighbour] / 0.1))
        right += max(range(10), key=votes.__getitem__) == label
    assert record['value'] == pytest.approx(right)  # of 100


def test_named_protocols(trained, tmp_path):
    cfg = load_config(trained[0])
    records = benchmark(cfg, 'random', protocols=['svm', 'knn'], method='floor')
    assert {record['protocol'] for record in records} == {'svm', 'knn'}
    assert {record['method'] for record in records} == {'floor'}
    with pytest.raises(KeyError, match="'knnn' is not in the .*protocol registry. Nearest known names: .*knn"):
        benchmark(cfg, 'random', protocols=['knnn'])


def test_errors_come_before_the_work(trained, tmp_path, monkeypatch):
    module = sys.modules['mmwsl.apis.benchmark']  # the package's attribute of that name is the function
    monkeypatch.setattr(module, 'build_model', lambda *_: pytest.fail('the model was built'))
    cfg = load_config(write_config(tmp_path, SIMCLR, 'benchmark.pop("test")\n'))
    with pytest.raises(ValueError, match='tiny.py has no benchmark.test: a config names the labelled data'):
        benchmark(cfg, 'random')
    with pytest.raises(ValueError, match='has no benchmark.test'):
        extract(cfg, 'random')
    cfg = load_config(write_config(tmp_path, SIMCLR, 'benchmark["protocols"] = None\n'))
    with pytest.raises(ValueError, match='no protocol was named, and the config has no benchmark.protocols'):
        benchmark(cfg, 'random')
    with pytest.raises(ValueError, match='preset'):
        benchmark(load_config(write_config(tmp_path), {'benchmark.protocols.knn.preset': 'x'}), 'random')


def test_config_that_is_no_file(trained):
    cfg = Config(load_config(trained[0]).to_dict())
    assert benchmark(cfg, 'random')[0]['config'] is None


def test_test_command(trained, tmp_path, capsys):
    """The default is kNN also where the config has other protocols."""
    config = write_config(tmp_path, SIMCLR, 'benchmark["protocols"] = dict(svm=dict(), knn=dict(k=3))\n')
    assert main(['test', str(config), str(trained[1]), '--out', str(tmp_path / 'r.jsonl')]) == 0
    assert {record['metric'] for record in read_records(tmp_path / 'r.jsonl')} == {'knn3_top1', 'knn3_top5'}
    assert '| simclr | ' in capsys.readouterr().out
    assert main(['test', str(config), str(tmp_path / 'absent.pth')]) == 1
    error = capsys.readouterr().err
    assert 'mmwsl test: FileNotFoundError: checkpoint' in error and 'Traceback' not in error


def test_extract_on_the_command_line(trained, tmp_path, capsys):
    config, checkpoint = trained
    for split, count in (('train', 320), ('test', 100)):
        out = tmp_path / 'deep' / f'{split}.npz'
        assert main(['extract', str(config), str(checkpoint), '--out', str(out), '--split', split]) == 0
        assert f'{out}: ({count}, 32) features' in capsys.readouterr().out
        with np.load(out) as file:
            features, labels, classes = file['features'], file['labels'], file['classes']
            source = json.loads(str(file['source']))
        assert (source['split'], source['layer'], source['encoder']) == (split, -1, 'backbone')
        assert source['checkpoint']['file'] == checkpoint.name and len(source['checkpoint']['sha256']) == 12
        assert [path.name for path in out.parent.iterdir() if split in path.name] == [f'{split}.npz']
        cfg = load_config(config)
        dataset = build_dataset(cfg.benchmark[split])
        assert labels.tolist() == dataset.labels.tolist() and classes.tolist() == [str(digit) for digit in range(10)]
        # in dataset order: images one by one
        model, _ = build_model(cfg, checkpoint, device='cpu')
        with torch.no_grad():
            for index in (0, 1, count // 2, count - 1):
                batch = model.data_preprocessor(dict(inputs=dataset.images[index:index + 1]))
                expected = model(**batch, mode='tensor')[0]
                assert np.allclose(features[index], expected.numpy(), rtol=1e-4, atol=1e-5)
        assert features.dtype == np.float32 and np.ptp(features, axis=0).max() > 0


def test_extract_of_unlabelled_data_and_of_a_layer(trained, tmp_path):
    config = write_config(tmp_path, SIMCLR, "model['backbone']['out_indices'] = (2, 4)\n"
                          "benchmark['test'] = dict(digits, split='test', supervision='none')\n")
    wide = {layer: extract(load_config(config), trained[1], tmp_path / f'{layer}.npz', layer=layer) for layer in (0, 1)}
    with np.load(tmp_path / '0.npz') as file:
        assert 'labels' not in file and file['features'].shape == (320, 8)
    assert wide[1].features.shape == (320, 32) and wide[1].labels is None
    with pytest.raises(ValueError, match='layer=2 is out of range: the model returns 2 layers'):
        extract(load_config(config), 'random', layer=2)


def test_records_are_added_to_a_file(trained, tmp_path):
    cfg = load_config(trained[0])
    for _ in range(2):
        benchmark(cfg, 'random', out=tmp_path / 'records.jsonl')
    lines = (tmp_path / 'records.jsonl').read_text().splitlines()
    assert len(lines) == 4
    assert json.loads(lines[0])['value'] == json.loads(lines[2])['value']  # random weights are those of the seed


def test_random_rescaled(trained, tmp_path):
    cfg = load_config(trained[0])
    record, plain = benchmark(cfg, 'random_rescaled')[0], benchmark(cfg, 'random')[0]
    assert (record['method'], record['settings']['checkpoint']) == ('random_rescaled', 'random_rescaled')
    assert record['seed'] == 0 and record['value'] != plain['value']
    assert extract(cfg, 'random_rescaled').features.shape == (100, 32)


ALEXNET = """
_base_ = 'mmwsl::selfsup/rotation/rotation_alexnet_1xb128-cos-3e_cifar10.py'
model = dict(backbone=dict(channels=(4, 6, 6, 5, 5), final_pool=True), head=dict(in_channels=5))
digits = dict(type='Digits', split='train', size=67, max_images=120)
benchmark = dict(
    _delete_=True, dataset='Digits', batch_size=64,
    train=digits, test=dict(type='Digits', split='test', size=67, max_images=50),
    protocols=dict(knn=dict(k=5, temperature=0.1)))
optim_wrapper = dict(dtype='float32')
"""


def test_layers(tmp_path, capsys):
    """A record per layer, each equal to kNN on that layer's maps, pooled here by hand from one whole forward pass."""
    config, out = write_config(tmp_path, ALEXNET), tmp_path / 'records.jsonl'
    assert main(['benchmark', str(config), 'random', '--layers', '1', '3', '5', '--pooling', 'rotnet', '--out', str(out)]) == 0
    records = [record for record in read_records(out) if record['metric'] == 'knn5_top1']
    assert [(record['layer'], record['pooling']) for record in records] == [(1, 'rotnet'), (3, 'rotnet'), (5, 'rotnet')]
    shown = capsys.readouterr().out
    assert 'knn5 top1, pooling rotnet:' in shown and '| method | layer 1 | layer 3 | layer 5 |' in shown

    cfg = load_config(config, {'model.backbone.out_indices': (1, 3, 5), 'model.backbone.final_pool': False})
    model, _ = build_model(cfg, 'random', device='cpu')
    parts = []
    for split in ('train', 'test'):
        dataset = build_dataset(cfg.benchmark[split])
        with torch.no_grad():
            maps = model.backbone(model.data_preprocessor(dict(inputs=dataset.images))['inputs'])
        parts.append((maps, dataset.labels))
    for place, (record, side) in enumerate(zip(records, (12, 3, 3), strict=True)):  # maps of 16, 3 and 3: two stay whole
        rows = [torch.nn.functional.adaptive_max_pool2d(maps[place], side).flatten(1) for maps, _ in parts]
        rows = [row / row.norm(dim=1, keepdim=True) for row in rows]
        assert record['settings']['feature_dim'] == rows[0].shape[1]
        score, near = (rows[1] @ rows[0].T).topk(5)
        votes = torch.zeros(50, 10).scatter_add_(1, parts[0][1][near], (score / 0.1).exp())
        assert record['value'] == pytest.approx(100 * float((votes.argmax(1) == parts[1][1]).float().mean()), abs=1e-3)


def test_layers_without_a_pooling(trained):
    cfg = load_config(trained[0])
    for settings, message in ((dict(layers=[1]), 'pooling=None is unknown; choose one of deepcluster, rotnet'),
                              (dict(layers=[1, 6], pooling='rotnet'), 'says nothing of 6'),
                              (dict(pooling='rotnet'), 'is of single layers; name them')):
        with pytest.raises(ValueError, match=message):
            benchmark(cfg, 'random', **settings)


@pytest.fixture
def registered():
    """Registers protocols for one test."""
    names = []

    def register(kind):
        names.append(kind.__name__)
        PROTOCOLS.register_module(module=kind)

    yield register
    for name in names:
        del PROTOCOLS.module_dict[name]


def test_an_old_plugin_works_with_a_warning(trained, registered):
    class OldImages:
        def run(self, train, test):
            return [dict(metric='images', value=len(train), settings=dict(test=len(test)))]

    registered(OldImages)
    cfg = load_config(trained[0])
    cfg.benchmark.protocols = dict(old=dict(type='OldImages'))
    with pytest.warns(DeprecationWarning, match='the protocol OldImages has run.train, test'):
        [record] = benchmark(cfg, 'random')
    assert (record['protocol'], record['metric'], record['value'], record['settings']) == (
        'old', 'images', 320, dict(test=100, checkpoint='random'))


def test_a_protocol_may_use_features_and_train(tmp_path, registered, monkeypatch):
    """Of the last layer, extracted once for all such protocols; one run, whatever the layers are."""
    class Both(Protocol):
        trains = True

        def run(self, source):
            train, test = source.features()
            values = source.train('x.py', dict(lr=1), 3, 0.5)
            return [dict(metric=f'{source.name}_dims', value=train.features.shape[1], settings=dict(test=len(test))),
                    dict(metric='trained', value=values['top1'], settings={}, layer=2, pooling=None, dataset='other')]

    class Sizes(Protocol):
        def run(self, source):
            return [dict(metric='size', value=source.features()[0].features.shape[1], settings={})]

    calls, extracted = [], []
    module = sys.modules['mmwsl.apis.benchmark']
    extract_features = module.extract_features
    monkeypatch.setattr(module, 'extract_features', lambda *args, **kwargs: extracted.append(kwargs['layer']) or
                        extract_features(*args, **kwargs))
    monkeypatch.setattr(module.FineTuneRunner, 'run', lambda self, *args: calls.append(args) or {'top1': 42})
    registered(Both)
    registered(Sizes)
    cfg = load_config(write_config(tmp_path, ALEXNET))
    cfg.benchmark.protocols = dict(one=dict(type='Both'), two=dict(type='Both'), sizes=dict(type='Sizes'))
    records = benchmark(cfg, 'random', layers=[1, 3], pooling='rotnet', method='floor')
    assert calls == [('x.py', dict(lr=1), 3, 0.5, 'one'), ('x.py', dict(lr=1), 3, 0.5, 'two')]
    assert len(extracted) == 4 + 2  # both splits, of two layers, and once for the two that train
    found = [tuple(record[key] for key in ('protocol', 'metric', 'value', 'layer', 'pooling', 'dataset'))
             for record in records]
    assert found == [
        ('sizes', 'size', 4 * 12 * 12, 1, 'rotnet', 'Digits'), ('sizes', 'size', 6 * 3 * 3, 3, 'rotnet', 'Digits'),
        ('one', 'one_dims', 5, -1, 'global average', 'Digits'), ('one', 'trained', 42, 2, None, 'other'),
        ('two', 'two_dims', 5, -1, 'global average', 'Digits'), ('two', 'trained', 42, 2, None, 'other')]
    assert {record['method'] for record in records} == {'floor'}


def test_what_trains_must_say_so(trained, registered):
    class Silent(Protocol):
        def run(self, source):
            return source.train(None, {}, 0, None)

    registered(Silent)
    with pytest.raises(TypeError, match='give its class `trains = True`'):
        benchmark(load_config(trained[0]), 'random', ['Silent'])


def test_the_callers_config_is_not_changed(trained, registered):
    class Greedy(Protocol):
        """Takes its settings apart."""

        def __init__(self, grid):
            self.value = grid.pop('value')

        def run(self, source):
            return [dict(metric='value', value=self.value, settings={})]

    registered(Greedy)
    cfg = load_config(trained[0])
    cfg.benchmark.protocols = dict(Greedy=dict(grid=dict(value=7)))
    before = cfg.to_dict()
    for _ in range(2):
        assert benchmark(cfg, 'random')[0]['value'] == 7
    assert cfg.to_dict() == before


def test_values_are_shown_and_kept_as_they_come(trained, registered, tmp_path, capsys):
    class Refusing(Protocol):
        def run(self, source):
            raise ValueError('too few images')

    registered(Refusing)
    out = tmp_path / 'records.jsonl'
    assert main(['benchmark', str(trained[0]), 'random', '--protocols', 'knn', 'Refusing', '--out', str(out)]) == 1
    shown, records = capsys.readouterr(), read_records(out)
    assert [record['metric'] for record in records] == ['knn5_top1', 'knn5_top5']
    assert 'random knn: knn5_top1 {:.2f}, knn5_top5 {:.2f}\n'.format(*(record['value'] for record in records)) in shown.out
    assert 'too few images' in shown.err


def test_which_ranks_run_a_protocol(trained, registered, monkeypatch):
    """Frozen features on the first alone, what trains on all."""
    class Frozen(Protocol):
        def run(self, source):
            ran.append(source.name)
            return [dict(metric='images', value=len(source.features()[0]), settings={})]

    class Training(Frozen):
        trains = True

    registered(Frozen)
    registered(Training)
    for first in (True, False):
        ran = []
        monkeypatch.setattr(sys.modules['mmwsl.apis.benchmark'], 'is_main_process', lambda first=first: first)
        records = benchmark(load_config(trained[0]), 'random', ['Training', 'Frozen'])
        assert ran == [record['protocol'] for record in records] == (['Frozen'] if first else []) + ['Training']
        assert {record['value'] for record in records} == {320}
