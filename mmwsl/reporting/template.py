"""Pages from the templates beside this module."""

from pathlib import Path


def render_template(name, **values):
    """Text of the template ``name`` of this folder; what is put into it is escaped.

    Raises:
        jinja2.UndefinedError: a value that it shows is not among ``values``.
    """
    import jinja2
    return jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, loader=jinja2.FileSystemLoader(Path(__file__).parent),
    ).get_template(name).render(**values)
