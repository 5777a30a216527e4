"""When an action happens in a sequence, learnt from the label of the whole."""

from .temporal_localizer import TemporalLocalizer, hide_segments

__all__ = ['TemporalLocalizer', 'hide_segments']
