"""Pictures for pages: charts as SVG, images as data URIs, overlays."""

from .charts import check_picture, line_chart, save_figure, scatter_chart
from .images import image_uri
from .overlays import overlay, paint_attention, patch_boxes

__all__ = ['check_picture', 'image_uri', 'line_chart', 'overlay', 'paint_attention', 'patch_boxes', 'save_figure',
           'scatter_chart']
