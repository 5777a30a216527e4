"""Tables as Markdown."""


def markdown_table(headings, rows, words=1):
    """A table whose first columns are words, left-aligned; the others, numbers, are right-aligned.

    Args:
        headings: str of every column.
        rows: lists of str, one of each column.
        words: how many columns are words.

    Returns:
        str: a line each, the last one ended.

    Raises:
        ValueError: a row has more or fewer cells than there are headings.
    """
    for row in rows:
        if len(row) != len(headings):
            raise ValueError(f'the row {" | ".join(row)} has {len(row)} cells for {len(headings)} columns')
    lines = [_line(headings), '|' + '---|' * words + '--:|' * (len(headings) - words), *map(_line, rows)]
    return '\n'.join(lines) + '\n'


def _line(cells):
    return '| ' + ' | '.join(cell.replace('|', '\\|') for cell in cells) + ' |'


# what such metrics begin with
ERRORS = ('end_point_error', 'fid', 'n_mpjpe', 'outliers', 'part_error', 'reconstruction_error', 'shift_error',
          'warped_difference')


def is_error(metric):
    """Whether the lowest value of a metric is the best."""
    return metric.startswith(ERRORS)


# metrics that describe and do not rate: no value of theirs is the best
DESCRIPTIONS = ('threshold', 'nmi_child_color', 'nmi_child_shape', 'nmi_parent_color', 'psnr_identity_rotation')


def is_rated(metric):
    """Whether a metric has a best value; a threshold, say, has none."""
    return not metric.startswith(DESCRIPTIONS)
