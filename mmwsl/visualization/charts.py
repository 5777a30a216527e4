"""Charts by matplotlib, as SVG text with real letters."""

import io
import math
import re
from pathlib import Path

from mmwsl.files import check_writable, write_atomically

MARKERS = 'osD^vP*X'


def _draw(width, height, paint, transparent=True):
    """SVG of a figure of ``width`` x ``height`` inches that ``paint`` fills; the same input, the same text."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    with matplotlib.rc_context({'svg.fonttype': 'none', 'svg.hashsalt': 'mmwsl', 'font.size': 9,
                                'font.family': 'sans-serif', 'axes.spines.top': False, 'axes.spines.right': False}):
        figure = Figure(figsize=(width, height), layout='constrained')
        FigureCanvasSVG(figure)
        paint(figure.add_subplot())
        stream = io.StringIO()
        figure.savefig(stream, format='svg', metadata={'Date': None, 'Creator': None}, transparent=transparent)
    svg = stream.getvalue()
    svg = svg[svg.index('<svg'):]
    return re.sub(r'<metadata>.*?</metadata>', '', svg, flags=re.S)


def check_picture(path):
    """Fail early if a figure cannot be saved as ``path``; returns it as a Path.

    Raises:
        ValueError: the ending names no kind of picture, or the name is empty.
        OSError: it cannot be written there; see :func:`mmwsl.files.check_writable`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    path, known = check_writable(path), FigureCanvasAgg.get_supported_filetypes()
    if path.suffix and path.suffix[1:].lower() not in known:
        raise ValueError(f'{path}: {path.suffix} is no kind of picture; let the name end in one of '
                         f'{", ".join("." + kind for kind in sorted(known))}')
    return path


def save_figure(figure, path):
    """Write a figure of matplotlib whole or not at all, in the form that the ending of ``path`` names."""
    write_atomically(path, lambda file: figure.savefig(file, format=Path(path).suffix[1:] or None, dpi=100))


def line_chart(series, x_label, y_label, log_x=False, width=6.4, height=3.6, legend=True):
    """Lines through points.

    Args:
        series: dict of name -> (xs, ys).
        x_label, y_label: of the axes.
        log_x: spread the x axis by powers of two, with a tick at every x that occurs.
        width, height: in inches.
        legend: name the lines.

    Returns:
        str: SVG.

    Raises:
        ValueError: there are no points.
    """
    if not any(len(points[0]) for points in series.values()):
        raise ValueError('no points to draw')

    def paint(axes):
        for number, (name, (xs, ys)) in enumerate(series.items()):
            axes.plot(xs, ys, label=name, linewidth=1.4, markersize=4, color=f'C{number % 10}',
                      linestyle='-' if number < 10 else '--',
                      marker=MARKERS[number // 10 % len(MARKERS)] if len(xs) <= 30 else None)
        if log_x:
            ticks = sorted({x for points in series.values() for x in points[0]})
            axes.set_xscale('log', base=2)
            axes.set_xticks(ticks, [f'{x:g}' for x in ticks])
            axes.minorticks_off()
        elif all(float(x).is_integer() for points in series.values() for x in points[0]):
            axes.xaxis.get_major_locator().set_params(integer=True)  # no half layers or epochs
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.grid(alpha=0.25)
        if legend:
            axes.legend(fontsize=8, frameon=False, loc='center left', bbox_to_anchor=(1.0, 0.5))

    return _draw(width, height, paint)


def bar_chart(names, values, x_label, y_label, width=6.4, height=3.0):
    """A bar for each name, its value above it.

    Args:
        names, values: of the bars, from left to right.
        x_label, y_label: of the axes.
        width, height: in inches.

    Returns:
        str: SVG.
    """
    def paint(axes):
        bars = axes.bar(range(len(names)), values, color='C0')
        axes.bar_label(bars, fontsize=8)
        axes.set_xticks(range(len(names)), names, fontsize=8, rotation=30)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)

    return _draw(width, height, paint)


def scatter_chart(points, labels=None, names=None, width=5.4, height=4.6):
    """Points in the plane, coloured by class.

    Args:
        points: (N, 2).
        labels: (N,) class numbers, or None.
        names: of the classes.

    Returns:
        str: SVG.
    """
    def paint(axes):
        style = dict(s=7, linewidths=0, alpha=0.8)
        if labels is None:
            axes.scatter(points[:, 0], points[:, 1], **style)
        else:
            present = sorted(set(labels.tolist()))
            for number, label in enumerate(present):
                axes.scatter(*points[labels == label].T, label=str(names[label] if names else label),
                             color=f'C{number % 10}', marker=MARKERS[number // 10 % len(MARKERS)], **style)
            if len(present) <= 30:
                axes.legend(fontsize=8, frameon=False, markerscale=2, loc='center left', bbox_to_anchor=(1.0, 0.5))
        axes.set_xticks([])
        axes.set_yticks([])
        for side in axes.spines.values():
            side.set_visible(False)

    return _draw(width, height, paint)


def labelled_points(series, x_label, y_label, width=8.0, height=4.2):
    """Points of several methods, small, and the mean of each, large, with its name; the x axis is logarithmic.

    Args:
        series: dict of name -> (xs, ys), one point a seed; xs are above 0.
        x_label, y_label: of the axes.
        width, height: in inches.

    Returns:
        str: SVG, on white.

    Raises:
        ValueError: there are no points.
    """
    from matplotlib.ticker import LogLocator, NullLocator
    if not any(len(points[0]) for points in series.values()):
        raise ValueError('no points to draw')
    means = {name: (sum(xs) / len(xs), sum(ys) / len(ys)) for name, (xs, ys) in series.items()}

    def paint(axes):
        axes.set_xscale('log')
        for number, (name, (xs, ys)) in enumerate(series.items()):
            style = dict(marker=MARKERS[number // 10 % len(MARKERS)], linestyle='none', color=f'C{number % 10}')
            axes.plot(xs, ys, markersize=3, alpha=0.5, **style)
            axes.plot(*([each] for each in means[name]), markersize=7, **style)
        axes.set_xlim(0.9 * min(x for x, _ in means.values()), 1.6 * max(x for x, _ in means.values()))
        low, high = axes.get_ylim()
        line, places = 9 * (high - low) / (0.85 * 72 * height), {}  # the height of a line of text, on the y axis
        for name, (x, y) in sorted(means.items(), key=lambda item: item[1][1]):
            places[x] = max(y, places.get(x, -math.inf) + line)  # names of points above one another keep their distance
            axes.annotate(name, (x, places[x]), xytext=(6, 0), textcoords='offset points', va='center', fontsize=8)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter('{x:g}')
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.grid(alpha=0.25)

    return _draw(width, height, paint, transparent=False)
