"""Pictures for pages: charts as SVG, images as data URIs, overlays, predictions with names on them."""

from .charts import bar_chart, check_picture, labelled_points, line_chart, save_figure, scatter_chart
from .images import image_uri
from .overlays import overlay, paint_attention, patch_boxes
from .predictions import draw_prediction, palette

__all__ = ['bar_chart', 'check_picture', 'draw_prediction', 'image_uri', 'labelled_points', 'line_chart', 'overlay',
           'paint_attention', 'palette', 'patch_boxes', 'save_figure', 'scatter_chart']
