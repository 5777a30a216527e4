"""One page of what was found in a folder of photos: a map of them, groups, duplicates, odd ones, label errors."""

import base64
import json
import re

import cv2
import numpy as np

from mmwsl.files import check_writable, write_atomically
from mmwsl.reporting.template import render_template

REQUIRED = ('title', 'summary', 'command', 'date', 'network', 'seconds', 'files', 'xy', 'groups', 'group_list',
            'duplicates', 'odd', 'neighbors', 'skipped')
OPTIONAL = ('labels', 'accuracy', 'comparisons', 'label_errors', 'checks', 'tag_maps')
# Sides of the thumbnails, with JPEG's quality. It codes blocks of 16 pixels, so of these sides no two share one.
CELLS = ((128, 85), (96, 85), (64, 85), (64, 75), (48, 80), (48, 70), (32, 80), (32, 65), (16, 80))
SHEET = 1024  # side of a sheet of thumbnails, in pixels: decoded in a moment
BUDGET = 20_000_000  # bytes of all thumbnails; in a page they take a third more
# Not seen, or turns the text around: control characters, line separators, marks of direction that span several letters,
# surrogates (bytes of a file's name that are no UTF-8)
UNSEEN = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]')


def write_explore_page(findings, thumbnails, path):
    """Write a page that opens from disk, without a network.

    Args:
        findings: dict, photos by their index. ``title``, ``summary`` (sentences), ``command``, ``date``, ``network``,
            ``seconds`` (dict of stage to float); of each photo ``files`` (names), ``xy`` (its point on the map),
            ``groups`` (id, or -1) and ``labels`` (str or None each; or None); ``group_list`` of dicts ``id``, ``size``,
            ``typical``, ``members`` (most typical first); ``duplicates`` (lists of photos); ``odd`` of dicts ``photo``,
            ``score`` (most odd first); ``neighbors`` of dicts ``photo``, ``neighbors``; ``accuracy`` of dicts
            ``network``, ``protocol``, ``mean``, ``std``, ``values`` (one a split; all of them percent), ``floor``
            (bool); ``comparisons`` of dicts ``network``, ``floor``, ``protocol``, ``difference`` (percent points),
            ``p``, ``text``; ``label_errors`` of dicts ``photo``, ``given``, ``suggested``, ``confidence`` (0 to 1);
            ``checks`` of dicts ``kind``, ``photos``; ``tag_maps`` of dicts ``photo``, ``tag``, ``picture`` (data URI);
            ``skipped`` of dicts ``file``, ``reason``. Without ``labels``, ``accuracy``, ``comparisons``,
            ``label_errors``, ``checks`` or ``tag_maps``, what they would show is left out.
        thumbnails: uint8 (N, S, S, 3) RGB. They are shown as large as a page of about 30 MB allows, up to 128 pixels.
        path: HTML file to write.

    Returns:
        Path: the page.

    Raises:
        OSError: ``path`` cannot be written.
        ValueError: findings that do not fit together, or other thumbnails; the message names the field.
    """
    path = check_writable(path)
    thumbnails = np.asarray(thumbnails)
    findings = {**dict.fromkeys(OPTIONAL), **findings}
    check_findings(findings, thumbnails)
    findings = visible(findings)
    sheets, cell, columns = sprite_sheets(thumbnails)
    data = {key: findings[key] for key in ('files', 'groups', 'group_list', 'labels', 'duplicates', 'odd',
                                           'label_errors', 'checks')}
    data |= dict(xy=unit_square(findings['xy']).round(5).tolist(), cell=cell, columns=columns,
                 neighbors={each['photo']: each['neighbors'] for each in findings['neighbors']})
    # escaped so that no name can end the script
    text = json.dumps(data, allow_nan=False, separators=(',', ':')).replace('<', '\\u003c')
    write_atomically(path, render_template('explore_page.html', **findings, bars=bars(findings['accuracy'] or []),
                                           maps=by_tag(findings['tag_maps'] or []), data=text, sheets=sheets))
    return path


def check_findings(findings, thumbnails):
    """Raise ValueError if a field is missing, has another length than there are photos, or names none of them."""
    missing = [key for key in REQUIRED if key not in findings]
    if missing:
        raise ValueError(f'findings have no {", ".join(missing)}')
    count = len(findings['files'])
    if not count:
        raise ValueError('findings have no files, so there is nothing to show')
    if thumbnails.dtype != np.uint8 or thumbnails.ndim != 4 or thumbnails.shape[1] != thumbnails.shape[2] \
            or thumbnails.shape[3] != 3 or not thumbnails.size:
        raise ValueError(f'thumbnails are uint8 (N, S, S, 3); got {thumbnails.dtype} of shape {thumbnails.shape}')
    for name, values in dict(thumbnails=thumbnails, xy=findings['xy'], groups=findings['groups'],
                             labels=findings['labels']).items():
        if values is not None and len(values) != count:
            raise ValueError(f'{name}: {len(values)} for {count} files; there must be one a file')
    xy = np.asarray(findings['xy'], dtype=float)
    if xy.shape != (count, 2) or not np.isfinite(xy).all():
        raise ValueError(f'xy is a finite (N, 2); got shape {xy.shape}, finite: {np.isfinite(xy).all()}')
    unknown = set(findings['groups']) - {-1} - {group['id'] for group in findings['group_list']}
    if unknown:
        raise ValueError(f'groups: {sorted(unknown)[:5]} are not in group_list')
    used = dict(
        group_list=[photo for group in findings['group_list'] for photo in (group['typical'], *group['members'])],
        duplicates=[photo for photos in findings['duplicates'] for photo in photos],
        odd=[each['photo'] for each in findings['odd']],
        neighbors=[photo for each in findings['neighbors'] for photo in (each['photo'], *each['neighbors'])],
        label_errors=[each['photo'] for each in findings['label_errors'] or []],
        tag_maps=[each['photo'] for each in findings['tag_maps'] or []],
        checks=[photo for check in findings['checks'] or [] for photo in check['photos']])
    for name, photos in used.items():
        outside = [photo for photo in photos if not 0 <= photo < count]
        if outside:
            raise ValueError(f'{name}: photo {outside[0]} does not exist; there are {count}, counted from 0')
    for each in findings['tag_maps'] or []:
        if not each['picture'].startswith('data:image/'):
            raise ValueError(f'tag_maps: the picture of {each["tag"]} is {each["picture"][:40]!r}; give a data URI, so '
                             'that the page needs no other file')
    for row in findings['accuracy'] or []:
        if not all(0 <= value <= 100 for value in (row['mean'], *row['values'])):
            raise ValueError(f'accuracy of {row["network"]}: values are percent, 0 to 100; got {row["values"]}')


def visible(value):
    """``value`` with its texts, also those within, as they can be shown: what cannot be seen is spelt as an escape.

    A name of a file may hold line breaks, marks that turn the text around, or bytes that are no UTF-8.
    """
    if isinstance(value, str):
        return UNSEEN.sub(lambda match: repr(match[0])[1:-1], value)
    if isinstance(value, dict):
        return {visible(key): visible(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [visible(each) for each in value]
    if isinstance(value, np.generic):
        return value.item()
    return value.tolist() if isinstance(value, np.ndarray) else value


def unit_square(points):
    """Points (N, 2) moved and scaled, both axes alike, so that they just fit into [0, 1]; one alone is centered."""
    points = np.asarray(points, dtype=float)
    low, high = points.min(axis=0), points.max(axis=0)
    return (points - (low + high) / 2) / (max(high - low) or 1.0) + 0.5


def sprite_sheets(thumbnails):
    """Thumbnails as JPEG sheets, as large as the budget allows; they are never enlarged.

    Returns:
        (list[str], int, int): base64 of each sheet; the side of a thumbnail; thumbnails a row. A sheet has as many rows
        as columns, the last one those that it needs.
    """
    sample = thumbnails[np.unique(np.linspace(0, len(thumbnails) - 1, 128).astype(int))]
    fitting = [each for each in CELLS if each[0] <= thumbnails.shape[1]] or [CELLS[-1]]
    for cell, quality in fitting:
        columns = SHEET // cell
        tried = sum(map(len, _encode(sample, cell, quality, columns)))
        if tried / len(sample) * len(thumbnails) <= BUDGET:
            break
    return [base64.b64encode(sheet).decode() for sheet in _encode(thumbnails, cell, quality, columns)], cell, columns


def _encode(thumbnails, cell, quality, columns):
    """Yield JPEG sheets of ``columns`` x ``columns`` thumbnails."""
    for start in range(0, len(thumbnails), columns ** 2):
        part = thumbnails[start:start + columns ** 2]
        sheet = np.full((-(-len(part) // columns) * cell, min(columns, len(part)) * cell, 3), 128, np.uint8)
        for number, image in enumerate(part):
            row, column = divmod(number, columns)
            sheet[row * cell:(row + 1) * cell, column * cell:(column + 1) * cell] = cv2.resize(
                image, (cell, cell), interpolation=cv2.INTER_AREA)
        yield cv2.imencode('.jpg', sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def bars(accuracy):
    """Rows of accuracy by protocol, the networks before their floors."""
    protocols = {}
    for row in sorted(accuracy, key=lambda row: row['floor']):
        protocols.setdefault(row['protocol'], []).append(row)
    return protocols


def by_tag(tag_maps):
    """The maps of each tag, in their order."""
    found = {}
    for each in tag_maps:
        found.setdefault(each['tag'], []).append(each)
    return found
