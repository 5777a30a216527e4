"""Records of values, the tables and the page made of them, and published values of others."""

from .explore_page import write_explore_page
from .layer_table import render_layer_table
from .markdown import markdown_table
from .matrix_table import draw_matrix, render_matrix
from .quoted import read_quoted, render_quoted
from .records import make_record, read_records, render_table
from .report import report

__all__ = ['draw_matrix', 'make_record', 'markdown_table', 'read_quoted', 'read_records', 'render_layer_table',
           'render_matrix', 'render_quoted', 'render_table', 'report', 'write_explore_page']
