"""One page of a clustering: scores, seconds, sizes, and the largest clusters with their photos and purity."""

from mmwsl.files import check_writable, write_atomically
from mmwsl.reporting.explore_page import visible
from mmwsl.reporting.template import render_template
from mmwsl.visualization import image_uri

REQUIRED = ('title', 'report', 'histogram', 'clusters', 'shown_photos', 'unclean')
SCORES = ('pairwise_precision', 'pairwise_recall', 'pairwise_f', 'bcubed_precision', 'bcubed_recall', 'bcubed_f', 'nmi')
QUALITY = 85


def write_cluster_page(findings, path):
    """Write a page that opens from disk, without a network.

    Args:
        findings: dict. ``title``; ``report``, as :func:`mmwsl.apis.cluster.cluster` returns it; ``histogram``, dicts
            ``sizes`` (text), ``clusters``, ``items``; ``clusters``, the largest first, dicts ``id``, ``size``,
            ``purity`` (0 to 1), ``main`` (the most frequent class), ``classes`` (how many; these three None without
            truth), ``sheet`` (uint8 (H, W, 3), or None); ``shown_photos``, how many a sheet has;
            ``unclean``, dicts ``reason``, ``items``, ``sheet`` of what a cleaner would drop, none without truth.
        path: HTML file to write.

    Returns:
        Path: the page.

    Raises:
        OSError: ``path`` cannot be written.
        ValueError: a field is missing.
    """
    path = check_writable(path)
    missing = [key for key in REQUIRED if key not in findings]
    if missing:
        raise ValueError(f'findings have no {", ".join(missing)}')
    clusters = [dict(each, sheet=None if each['sheet'] is None else image_uri(each['sheet'], QUALITY))
                for each in findings['clusters']]
    unclean = [dict(each, sheet=None if each['sheet'] is None else image_uri(each['sheet'], QUALITY))
               for each in findings['unclean']]
    most = max((row['items'] for row in findings['histogram']), default=1)
    shown = visible(dict(findings, clusters=clusters, unclean=unclean))
    write_atomically(path, render_template('cluster_page.html', **shown, most=most, names=SCORES))
    return path
