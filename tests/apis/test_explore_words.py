"""What the exploration says of a network that is no better than its floors."""

import pytest

from mmwsl.apis.explore.words import worth


def comparison(floor, protocol, difference, p):
    return dict(network='ours', floor=floor, protocol=protocol, difference=difference, p=p)


@pytest.mark.parametrize('rows, said', [
    ([('random weights', 'kNN', 5., 0.01), ('random weights', 'linear', 1., 0.4), ('color histograms', 'kNN', 9., 0.01)], None),
    ([('random weights', 'kNN', 5., 0.2), ('random weights', 'linear', -4., 0.01), ('color histograms', 'kNN', 9., 0.01)],
     'no more than random weights: expect'),
    ([('random weights', 'kNN', -5., 0.01), ('color histograms', 'kNN', 1., 0.9)], 'no more than random weights and color histograms: '),
    ([('the network before', 'kNN', -5., 0.01)], None)])  # no floor
def test_a_network_that_is_no_better_than_a_floor_is_said_to_be_so(rows, said):
    lines = worth([comparison(*row) for row in rows], 'ours', ['random weights', 'color histograms'])
    assert lines == [] if said is None else len(lines) == 1 and said in lines[0] and 'pip install' in lines[0]
