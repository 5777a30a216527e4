import pytest

from mmwsl.protocols import Training
from mmwsl.registry import PROTOCOLS

GRID = {'lr': [1, 2, 3], 'head.lr head.bias': [10, 20]}


class Recorder:
    """Stands for the trainings: a figure that is best at lr 2, and on the test set at lr 3."""

    def __init__(self):
        self.calls = []

    def __call__(self, options, seed, holdout):
        self.calls.append((dict(options), seed, holdout))
        best = 2 if holdout else 3
        top1 = 100 - 10 * abs(options.get('lr', 1) - best) + options.get('head.lr', 0) / 10 + seed
        return {'accuracy/top1': top1, 'accuracy/top5': 1 - top1}


def test_every_name_is_registered():
    for name in ('linear_online', 'multi_layer', 'semi_supervised', 'finetune', 'detection', 'segmentation'):
        [top1, _] = PROTOCOLS.build(dict(type=name, config='x.py', options={'lr': 3})).run(Recorder())
        assert (top1['metric'], top1['value']) == ('accuracy/top1', 100)


def test_one_training():
    train = Recorder()
    figures = Training('x.py', options={'batch': 7}).run(train)
    assert train.calls == [({'batch': 7}, 0, None)]
    assert [figure['metric'] for figure in figures] == ['accuracy/top1', 'accuracy/top5']
    assert figures[0]['value'] == 80
    assert figures[0]['settings'] == dict(training='x.py', options={'batch': 7}, trials=1)


def test_the_grid_is_chosen_on_what_is_held_out():
    """Six combinations on a part, the best of them on the whole; a key of two names sets both."""
    train = Recorder()
    figures = Training('x.py', grid=GRID, holdout=0.3).run(train)
    assert [call[2] for call in train.calls] == [0.3] * 6 + [None]
    chosen = {'lr': 2, 'head.lr': 20, 'head.bias': 20}
    assert train.calls[-1][0] == chosen
    assert figures[0]['settings']['chosen'] == chosen and figures[0]['value'] == 92  # 90 by the test set, and 20 / 10
    assert len(figures[0]['settings']['holdout_figures']) == 6


def test_the_test_set_chooses_only_where_it_says_so():
    train = Recorder()
    figures = {figure['metric']: figure for figure in Training('x.py', grid=GRID, test_selected=True).run(train)}
    assert len(train.calls) == 6 + 1 + 5  # the chosen one is not trained twice
    assert figures['accuracy/top1']['value'] == 92 and 'test_selected' not in figures['accuracy/top1']['settings']
    assert figures['accuracy/top1_test_selected']['value'] == 102
    assert figures['accuracy/top1_test_selected']['settings']['test_selected']
    assert figures['accuracy/top1_test_selected']['settings']['chosen']['lr'] == 3


def test_trials_are_averaged():
    figures = Training('x.py', trials=3).run(Recorder())
    assert figures[0]['value'] == 81 and figures[0]['settings']['values'] == [80, 81, 82]
    assert figures[0]['settings']['std'] == 1


def test_another_figure_chooses():
    figures = Training('x.py', grid={'lr': [2, 3]}, choose_by='accuracy/top5').run(Recorder())
    assert figures[0]['settings']['chosen'] == {'lr': 3}  # the least top1
    with pytest.raises(KeyError, match='is no figure; there are accuracy/top1'):
        Training('x.py', grid={'lr': [2, 3]}, choose_by='mIoU').run(Recorder())


def test_what_diverges_is_out():
    """Among the combinations; where all of them diverge, or the one that was chosen, it is an error."""
    def train(options, seed, holdout):
        if options.get('lr', 0) >= limit:
            raise FloatingPointError('loss is nan')
        return {'accuracy/top1': options['lr']}

    limit = 3
    [figure] = Training('x.py', grid={'lr': [1, 2, 3]}).run(train)
    assert figure['settings']['chosen'] == {'lr': 2} and figure['settings']['holdout_figures'] == [1, 2, None]
    limit = 0
    with pytest.raises(FloatingPointError, match='all 3 combinations'):
        Training('x.py', grid={'lr': [1, 2, 3]}).run(train)


def test_bad_input():
    for values in ([], 0.1):
        with pytest.raises(ValueError, match='needs a list of values'):
            Training('x.py', grid={'lr': values})
    with pytest.raises(ValueError, match='a grid is chosen on held-out training images'):
        Training('x.py', grid={'lr': [1, 2]}, holdout=None)
    with pytest.raises(ValueError, match='trials=0'):
        Training('x.py', trials=0)
