"""A table of each data set."""

import pytest

from mmwsl.reporting.dataset_tables import render_dataset_tables


def record(dataset, method, metric, value):
    return dict(dataset=dataset, method=method, protocol='retrieval', metric=metric, value=value, seed=0)


def test_each_data_set_has_its_own():
    records = [record('faces', 'plain', 'rank1', 50.0), record('people', 'plain', 'top1', 70.0),
               record('faces', 'hidden', 'rank1', 60.0)]
    assert render_dataset_tables(records) == (
        'faces:\n\n| method | retrieval rank1 |\n|---|--:|\n| plain | 50.00 |\n| hidden | **60.00** |\n'
        '\npeople:\n\n| method | retrieval top1 |\n|---|--:|\n| plain | 70.00 |\n')
    assert 'people' not in render_dataset_tables(records, ['rank1'])
    with pytest.raises(ValueError, match='no records to render of the metrics AP'):
        render_dataset_tables(records, ['AP'])
