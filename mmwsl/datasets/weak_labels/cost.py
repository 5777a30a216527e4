"""What labels cost: seconds of an annotator, by the published rates."""

# Of one class asked about (tag), one object (point, box, mask) and one stroke (scribble). Points and strokes as
# Bearman et al. 2016 measured them; all but the stroke are also the rates that surveys of weak supervision quote.
SECONDS = dict(tag=1.0, point=2.4, scribble=10.9, box=10.0, mask=78.0)
DRAWN = dict(points='point', scribbles='scribble', boxes='box', full='mask')


def annotation_seconds(kind, num_classes, present, objects, background=True):
    """Seconds to label one image.

    As Bearman et al. count: a tag is an answer for each class, there or not; other kinds need that answer for the
    classes that are absent, and for the others what is drawn.

    Args:
        kind: ``'tags'``, ``'points'``, ``'scribbles'``, ``'boxes'`` or ``'full'``.
        num_classes: classes that are asked about.
        present: how many of them are in the image.
        objects: number of objects, each with its point, stroke, box or mask.
        background: points and scribbles have one more for the background.

    Raises:
        ValueError: an unknown kind, or more classes present than there are.
    """
    if kind not in ('tags', *DRAWN):
        raise ValueError(f'labels of kind {kind!r} are unknown; choose one of tags, {", ".join(DRAWN)}')
    if not 0 <= present <= num_classes:
        raise ValueError(f'{present} of {num_classes} classes cannot be in an image')
    if kind == 'tags':
        return num_classes * SECONDS['tag']
    drawn = objects + (background and kind in ('points', 'scribbles'))
    return (num_classes - present) * SECONDS['tag'] + drawn * SECONDS[DRAWN[kind]]
