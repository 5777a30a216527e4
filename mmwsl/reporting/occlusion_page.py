"""One page of how much of a data set's objects is hidden: a chart, and a row a class."""

from mmwsl.files import check_writable, write_atomically
from mmwsl.reporting.explore_page import visible
from mmwsl.reporting.template import render_template
from mmwsl.visualization import bar_chart


def hidden_chart(summary):
    """SVG: objects by the share of them that is hidden.

    Args:
        summary: of :func:`mmwsl.apis.scenes.occlusion.occlusion_summary`.
    """
    names = [f'< {100 * summary["least"]:g}', *(f'{low} to {low + 10}' for low in range(0, 100, 10))]
    return bar_chart(names, summary['histogram'], 'hidden, percent', 'objects')


def write_occlusion_page(summary, path):
    """Write a page that opens from disk, without a network.

    Args:
        summary: of :func:`mmwsl.apis.scenes.occlusion.occlusion_summary`, with ``title`` and ``source``, whose
            whole shapes they are.
        path: HTML file to write.

    Returns:
        Path: the page.

    Raises:
        OSError: ``path`` cannot be written.
    """
    path = check_writable(path)
    write_atomically(path, render_template('occlusion_page.html', **visible(summary), chart=hidden_chart(summary)))
    return path
