"""How many classes there must be to tell apart."""


def check_classes(head, num_classes):
    """Refuse a softmax over fewer than two classes: it is always right, with a loss of 0, and learns nothing.

    Raises:
        ValueError: ``num_classes`` is below 2.
    """
    if num_classes < 2:
        raise ValueError(f'{type(head).__name__}: num_classes={num_classes} leaves nothing to tell apart, every image '
                         'is right with a loss of 0: give data of two classes or more (a folder each), or a '
                         'MultiLabelHead for one tag that is there or not')
