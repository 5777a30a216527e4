"""Tables of clusterings: by size with the growth, and in full."""

import pytest

from mmwsl.reporting.cluster_page import write_cluster_page
from mmwsl.reporting.cluster_tables import render_clusterings


def records(dataset, method, items, **values):
    return [dict(dataset=dataset, method=method, metric=metric, value=value,
                 settings=dict(items=items, reason='time')) for metric, value in values.items()]


def test_f_by_size_with_seconds_and_exponent():
    rows = [*records('Made-200k', 'cdp', 200_000, pairwise_f=80., cpu_seconds_pairs=3., cpu_seconds_partition=5., clusters=3000),
            *records('Made-20k', 'cdp', 20_000, pairwise_f=90., cpu_seconds_pairs=.5, cpu_seconds_partition=.3, clusters=300),
            *records('Made-20k', 'kmeans', 20_000, pairwise_f=70., cpu_seconds_partition=9.),
            *records('Made-200k', 'kmeans', 200_000, stopped=240.),
            *records('Made-20k', 'spectral', 20_000, stopped=240.)]
    lines = render_clusterings(rows).splitlines()
    assert '| cdp | 90.0 | 80.0 | 8.0 | 1.00 |' in lines  # 0.8 s to 8 s at ten times the items
    assert '| kmeans | 70.0 | stopped at 240 s | 9.0 | - |' in lines
    assert '| spectral | stopped at 240 s | not started | - | - |' in lines
    full = lines[lines.index('**Made-200k**'):]
    assert '| cdp | 80.00 | 3,000 | 3.00 | 5.00 |' in full and '| kmeans | stopped at 240 s | - | - | - |' in full


def test_published_figures_stand_beside_their_size():
    rows = [*records('Made-200k', 'cdp', 200_000, pairwise_f=80.), *records('Made-1400k', 'cdp', 1_400_000, pairwise_f=70.),
            *records('Made-200k', 'kmeans', 200_000, pairwise_f=60.)]
    published = [dict(dataset=dataset, method='cdp', metric=metric, value=value) for dataset, metric, value in (
        ('MS1M 200K', 'seconds', 1.), ('MS1M 200K', 'pairwise_f', 89.2), ('MS1M 200K', 'pairwise_f', 89.16),
        ('MS1M 600K', 'pairwise_f', 86.7), ('MS1M 1.4M', 'pairwise_f', 85.2), ('MS1M', 'pairwise_f', 75.02))]
    lines = render_clusterings(rows, published).splitlines()
    assert '| method | F 200k | MS1M 200K, quoted | F 1400k | MS1M 1.4M, quoted | seconds | exponent |' in lines
    assert '| cdp | 80.0 | 89.2 | 70.0 | 85.2 | 0.0 | - |' in lines and '| kmeans | 60.0 | - | - | - | 0.0 | - |' in lines


def test_data_without_a_size_have_their_own_table_alone():
    text = render_clusterings(records('ORL', 'cdp', 160, pairwise_f=50., nmi=80.))
    assert text.startswith('**ORL**') and 'exponent' not in text
    with pytest.raises(ValueError, match='no records'):
        render_clusterings([])


def test_a_page_says_which_field_is_missing(tmp_path):
    with pytest.raises(ValueError, match='no report, histogram'):
        write_cluster_page(dict(title='x', clusters=[], shown_photos=3), tmp_path / 'page.html')
