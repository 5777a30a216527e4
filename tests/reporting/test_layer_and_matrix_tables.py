import pytest

from mmwsl.apis import draw_matrix, render_layer_table, render_matrix


def record(method, value, layer=-1, metric='linear_top1', seed=0, **more):
    return dict(method=method, protocol='linear', metric=metric, value=value, layer=layer, seed=seed, dataset='CIFAR-10',
                pooling='rotnet', **more)


def test_layer_table():
    records = [record('rotation', 30.0, 2), record('rotation', 20.0, 1), record('random', 25.0, 1), record('random', 15.0, 2)]
    assert render_layer_table(records) == (
        'linear top1, pooling rotnet:\n\n'
        '| method | layer 1 | layer 2 |\n'
        '|---|--:|--:|\n'
        '| random | **25.00** | 15.00 |\n'
        '| rotation | 20.00 | **30.00** |\n')
    two = render_layer_table([*records, record('random', 60.0, 1, 'linear_top5')])
    assert two.count('| method |') == 2 and 'linear top5, pooling rotnet' in two
    assert render_layer_table(records, metrics=['linear_top1']) == render_layer_table(records)
    with pytest.raises(ValueError, match='one table, one pooling; these records have deepcluster, rotnet'):
        render_layer_table([*records, dict(record('a', 1.0, 1), pooling='deepcluster')])
    with pytest.raises(ValueError, match='no records to render'):
        render_layer_table([])


def test_matrix(tmp_path):
    """A pair stands for both orders unless both were run; seeds are averaged; the floors stand apart."""
    records = [record('crop', 40.0), record('jitter', 30.0), record('crop+jitter', 49.0), record('crop+jitter', 51.0, seed=1),
               record('blur+crop', 42.0), record('crop+blur', 41.0), record('random', 25.0),
               record('crop', 90.0, metric='linear_top5')]
    assert render_matrix(records) == (
        '| linear top1 | crop | jitter | blur | mean of pairs |\n'
        '|---|--:|--:|--:|--:|\n'
        '| crop | 40.00 | **50.00** | 41.00 | 45.50 |\n'
        '| jitter | **50.00** | 30.00 | - | 50.00 |\n'
        '| blur | 42.00 | - | - | 42.00 |\n'
        '\n'
        'random: 25.00\n')
    draw_matrix(records, tmp_path / 'matrix.png')
    assert (tmp_path / 'matrix.png').read_bytes().startswith(b'\x89PNG')
    draw_matrix(records[6:7], tmp_path / 'floor.png')  # nothing to draw yet
    assert not (tmp_path / 'floor.png').exists()
    with pytest.raises(ValueError, match='no records to render of the metric knn'):
        render_matrix(records, 'knn')
    with pytest.raises(ValueError, match='one table, one data set'):
        render_matrix([*records, dict(records[0], dataset='VOC')])


def test_two_checkpoints_are_not_mixed():
    def of(digit):
        return dict(settings=dict(checkpoint=dict(file='a.pth', sha256=digit * 12)))

    records = [record('crop', 40.0, 1, **of('1')), record('crop', 30.0, 2, **of('2')), record('blur', 20.0, 1)]
    table = render_layer_table(records)
    assert '| crop (a.pth 11111111) | **40.00** | - |' in table and '| crop (a.pth 22222222) | - | **30.00** |' in table
    with pytest.raises(ValueError, match='one cell, one checkpoint; the records of crop are of a.pth 11111111, a.pth 22222222:'):
        render_matrix(records)
