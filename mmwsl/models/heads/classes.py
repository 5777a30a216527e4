"""How many classes there must be to tell apart."""


OF_IMAGES = ('every image is right with a loss of 0: give data of two classes or more (a folder each), or a '
             'MultiLabelHead for one tag that is there or not')
OF_PIXELS = ('every pixel is right with a loss of 0: num_classes counts the background, set 2 for one class and the '
             'background, and class maps of 0 and 1')


def check_classes(head, num_classes, why=OF_IMAGES):
    """Refuse a softmax over fewer than two classes: it is always right, with a loss of 0, and learns nothing.

    Args:
        head: that has it, for the message.
        num_classes: number of classes.
        why: what is so then, and what to do: :data:`OF_IMAGES` or :data:`OF_PIXELS`.

    Raises:
        ValueError: ``num_classes`` is below 2.
    """
    if num_classes < 2:
        raise ValueError(f'{type(head).__name__}: num_classes={num_classes} leaves nothing to tell apart, {why}')
