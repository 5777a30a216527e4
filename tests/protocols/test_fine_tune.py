import sys

import pytest

from mmwsl.protocols import FineTuneProtocol, Source
from mmwsl.registry import PROTOCOLS

GRID = {'lr': [1, 2, 3], 'head.lr head.bias': [10, 20]}


class Recorder(Source):
    """Stands for a checkpoint: a value that is best at lr 2, and on the test set at lr 3."""

    def __init__(self, name='few'):
        self.name, self.calls = name, []

    def features(self):
        pytest.fail('no features are needed')

    def dataset_name(self, config):
        return f'data of {config}'

    def train(self, config, options, seed, holdout):
        assert config == 'x.py'
        self.calls.append((dict(options), seed, holdout))
        best = 2 if holdout else 3
        top1 = 100 - 10 * abs(options.get('lr', 1) - best) + options.get('head.lr', 0) / 10 + seed
        return {'accuracy/top1': top1, 'accuracy/top5': 1 - top1}


def test_every_name_is_registered():
    for name in ('linear_online', 'multi_layer', 'semi_supervised', 'finetune', 'detection', 'segmentation'):
        [top1, _] = PROTOCOLS.build(dict(type=name, config='x.py', options={'lr': 3})).run(Recorder(name))
        assert (top1['metric'], top1['value']) == (f'{name}_top1', 100)


def test_one_training():
    train = Recorder()
    metrics = FineTuneProtocol('x.py', options={'batch': 7}).run(train)
    assert train.calls == [({'batch': 7}, 0, None)]
    assert [metric['metric'] for metric in metrics] == ['few_top1', 'few_top5']  # the protocol's name in the benchmark
    assert {(metric['layer'], metric['pooling'], metric['dataset']) for metric in metrics} == {(-1, None, 'data of x.py')}
    assert metrics[0]['value'] == 80
    assert metrics[0]['settings'] == dict(training='x.py', options={'batch': 7}, trials=1)


def test_metrics_of_layers():
    """The evaluator's names become the record's metric and layer."""
    class Layers(Recorder):
        def train(self, config, options, seed, holdout):
            return {'accuracy/layer0_top1': 1, 'accuracy/layer12_mean_class': 2, 'mIoU': 3, 'accuracy/layer_top1': 4}

    metrics = FineTuneProtocol('x.py').run(Layers())
    assert [(metric['metric'], metric['layer'], metric['value']) for metric in metrics] == [
        ('few_top1', 0, 1), ('few_mean_class', 12, 2), ('few_mIoU', -1, 3), ('few_layer_top1', -1, 4)]


def test_the_grid_is_chosen_on_what_is_held_out():
    """Six combinations on a part, the best of them on the whole; a key of two names sets both."""
    train = Recorder()
    metrics = FineTuneProtocol('x.py', grid=GRID, holdout=0.3).run(train)
    assert [call[2] for call in train.calls] == [0.3] * 6 + [None]
    chosen = {'lr': 2, 'head.lr': 20, 'head.bias': 20}
    assert train.calls[-1][0] == chosen
    assert metrics[0]['settings']['chosen'] == chosen and metrics[0]['value'] == 92  # 90 by the test set, and 20 / 10
    assert len(metrics[0]['settings']['holdout_figures']) == 6


def test_the_test_set_chooses_only_where_it_says_so():
    train = Recorder()
    metrics = {metric['metric']: metric for metric in FineTuneProtocol('x.py', grid=GRID, test_selected=True).run(train)}
    assert len(train.calls) == 6 + 1 + 5  # the chosen one is not trained twice
    assert metrics['few_top1']['value'] == 92 and 'test_selected' not in metrics['few_top1']['settings']
    assert metrics['few_top1_test_selected']['value'] == 102
    assert metrics['few_top1_test_selected']['settings']['test_selected']
    assert metrics['few_top1_test_selected']['settings']['chosen']['lr'] == 3


def test_trials_are_averaged():
    metrics = FineTuneProtocol('x.py', trials=3).run(Recorder())
    assert metrics[0]['value'] == 81 and metrics[0]['settings']['values'] == [80, 81, 82]
    assert metrics[0]['settings']['std'] == 1


def test_another_metric_chooses():
    metrics = FineTuneProtocol('x.py', grid={'lr': [2, 3]}, choose_by='accuracy/top5').run(Recorder())
    assert metrics[0]['settings']['chosen'] == {'lr': 3}  # the least top1
    with pytest.raises(KeyError, match='is no metric; there are accuracy/top1'):
        FineTuneProtocol('x.py', grid={'lr': [2, 3]}, choose_by='mIoU').run(Recorder())


def test_what_diverges_is_out():
    """Among the combinations; where all of them diverge, or the one that was chosen, it is an error."""
    class Diverging(Recorder):
        def train(self, config, options, seed, holdout):
            if options.get('lr', 0) >= limit:
                raise FloatingPointError('loss is nan')
            return {'accuracy/top1': options['lr']}

    limit = 3
    [metric] = FineTuneProtocol('x.py', grid={'lr': [1, 2, 3]}).run(Diverging())
    assert metric['settings']['chosen'] == {'lr': 2} and metric['settings']['holdout_figures'] == [1, 2, None]
    limit = 0
    with pytest.raises(FloatingPointError, match='all 3 combinations'):
        FineTuneProtocol('x.py', grid={'lr': [1, 2, 3]}).run(Diverging())


def test_bad_input():
    for values in ([], 0.1):
        with pytest.raises(ValueError, match='needs a list of values'):
            FineTuneProtocol('x.py', grid={'lr': values})
    with pytest.raises(ValueError, match='a grid is chosen on held-out training images'):
        FineTuneProtocol('x.py', grid={'lr': [1, 2]}, holdout=None)
    with pytest.raises(ValueError, match='trials=0'):
        FineTuneProtocol('x.py', trials=0)


def test_old_names_for_one_release():
    with pytest.warns(DeprecationWarning, match='training is now mmwsl.protocols.fine_tune'):
        sys.modules.pop('mmwsl.protocols.training', None)
        from mmwsl.protocols.training import Training
    from mmwsl.protocols import Training as exported
    assert Training is exported is FineTuneProtocol
    with pytest.raises(ImportError, match='Trainings'):
        from mmwsl.protocols import Trainings  # noqa: F401
