import pytest

from mmwsl.reporting.markdown import markdown_table


def test_markdown_table():
    assert markdown_table(['method', 'top1', 'mAP'], [['moco', '50.00', '-'], ['a|b', '**1.00**', '2']]) == (
        '| method | top1 | mAP |\n'
        '|---|--:|--:|\n'
        '| moco | 50.00 | - |\n'
        '| a\\|b | **1.00** | 2 |\n')
    assert markdown_table(['method'], []) == '| method |\n|---|\n'


@pytest.mark.parametrize('row', [['a'], ['a', 'b', 'c']])
def test_a_row_that_does_not_fit(row):
    with pytest.raises(ValueError, match=f'{len(row)} cells for 2 columns'):
        markdown_table(['method', 'top1'], [row])
