import pytest

from mmwsl.apis.catalog.docstrings import Argument, arguments, first_line, meanings, paper, paragraphs


class Base:
    """Base of both.

    Args:
        size: side in
            pixels.
        extra: of the base.
    """

    def __init__(self, size, extra=None):
        pass


class Method(Base):
    """Do ``it`` with :class:`~mmwsl.Thing`,
    in two lines (Doe et al. 2020).

    More of it.

    Args:
        first, second: both of them.
        size (int): a side.

    Raises:
        ValueError: never: really.
    """

    def __init__(self, first, second=(1, 2), *, third='x', **kwargs):
        super().__init__(**kwargs)


def test_arguments():
    assert arguments(Method) == [
        Argument('first', '', 'both of them.'), Argument('second', '(1, 2)', 'both of them.'), Argument('third', "'x'", ''),
        Argument('size', '', 'side in pixels.'), Argument('extra', 'None', 'of the base.')]
    assert meanings(Method.__doc__) == dict(first='both of them.', second='both of them.', size='a side.')
    assert meanings(None) == {} and arguments(lambda a, *args, b=2: 0) == [Argument('a', '', ''), Argument('b', '2', '')]


def test_text():
    assert paragraphs(Method.__doc__)[:2] == ['Do it with mmwsl.Thing, in two lines (Doe et al. 2020).', 'More of it.']
    assert first_line('One ``line``\n    and more.') == 'One line' and first_line(None) == first_line('') == ''


@pytest.mark.parametrize('text, found', [
    ('A net. As in Noroozi & Favaro (2016): so. Or not.', 'As in Noroozi & Favaro (2016): so.'),
    ('Box head (Girshick 2015).', 'Box head (Girshick 2015).'), ('Made in 2015 of 1999 parts.', ''), (None, ''),
    ('Loss of Wu et al., "Title" (2018), section 3. Not here.', 'Loss of Wu et al., "Title" (2018), section 3.')])
def test_paper(text, found):
    kind = type('Kind', (), dict(__doc__=text, __module__='nowhere'))
    assert paper(kind) == found
